//! What the system says of files, disks and memory, and the standard library of numbers.

use std::{
    io::{self, ErrorKind},
    num::{IntErrorKind, ParseIntError},
    str::ParseBoolError,
};

use super::{Spoken, carried, class, say};
use crate::{ErrorClass, Lang};

impl Spoken for io::Error {
    /// The common kinds; of the others, the system's own words.
    fn chinese(&self) -> String {
        if let Some(carried) = carried(self) {
            return say(Lang::Zh, carried);
        }
        let common = match self.kind() {
            ErrorKind::NotFound => "没有这个文件或文件夹",
            ErrorKind::PermissionDenied => "没有权限",
            ErrorKind::ReadOnlyFilesystem => "所在的磁盘是只读的",
            ErrorKind::AlreadyExists => "已经存在",
            ErrorKind::IsADirectory => "是文件夹，应为文件",
            ErrorKind::NotADirectory => "路径中有一段不是文件夹",
            ErrorKind::DirectoryNotEmpty => "文件夹不是空的",
            ErrorKind::InvalidFilename => "不能用作文件名",
            ErrorKind::StorageFull => "磁盘没有空间了",
            ErrorKind::QuotaExceeded => "磁盘配额用完了",
            ErrorKind::FileTooLarge => "文件太大，这个磁盘放不下",
            ErrorKind::OutOfMemory => "内存不够",
            ErrorKind::Interrupted => "被打断了",
            ErrorKind::ResourceBusy | ErrorKind::ExecutableFileBusy => "正被占用",
            ErrorKind::WouldBlock => "系统暂时给不出所需的资源",
            ErrorKind::TimedOut => "等得太久，没有回应",
            ErrorKind::UnexpectedEof => "文件提前结束",
            ErrorKind::InvalidData => "内容不合格式",
            ErrorKind::BrokenPipe => "读的一方已经离开",
            ErrorKind::ConnectionRefused => "连接被拒绝",
            ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted => "连接中断了",
            // The list of kinds is open: the standard library adds to it.
            _ => return format!("系统说：{self}"),
        };
        common.to_owned()
    }

    fn class(&self) -> ErrorClass {
        if let Some(carried) = carried(self) {
            return class(carried);
        }
        match self.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => ErrorClass::NotFound,
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => ErrorClass::Forbidden,
            ErrorKind::AlreadyExists
            | ErrorKind::DirectoryNotEmpty
            | ErrorKind::ResourceBusy
            | ErrorKind::ExecutableFileBusy => ErrorClass::Conflict,
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge | ErrorKind::OutOfMemory => {
                ErrorClass::NoRoom
            }
            ErrorKind::IsADirectory | ErrorKind::UnexpectedEof | ErrorKind::InvalidData => ErrorClass::Unusable,
            ErrorKind::ConnectionRefused
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::TimedOut => ErrorClass::Remote,
            _ => ErrorClass::Failed,
        }
    }
}

impl Spoken for ParseIntError {
    fn chinese(&self) -> String {
        match self.kind() {
            IntErrorKind::PosOverflow | IntErrorKind::NegOverflow => "这个整数太大或太小".to_owned(),
            _ => "应为整数".to_owned(),
        }
    }

    fn class(&self) -> ErrorClass {
        ErrorClass::Usage
    }
}

impl Spoken for ParseBoolError {
    fn chinese(&self) -> String {
        "应为 true 或 false".to_owned()
    }

    fn class(&self) -> ErrorClass {
        ErrorClass::Usage
    }
}
