//! Why there is no engine.

use chatsd_tensor::EngineError;

use super::Spoken;
use crate::ErrorClass;

impl Spoken for EngineError {
    fn chinese(&self) -> String {
        old(self)
    }

    fn class(&self) -> ErrorClass {
        ErrorClass::Failed
    }
}

fn old(error: &EngineError) -> String {
    match error {
        EngineError::Instructions { wanted, found } => {
            format!("处理器没有 {wanted} 指令集；它最宽的是 {found}")
        }
        EngineError::Threads { threads, source } => format!("无法启动 {threads} 个线程：{source}"),
    }
}
