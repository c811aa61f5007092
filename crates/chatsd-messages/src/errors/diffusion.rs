//! Why a picture model cannot be used.

use chatsd_diffusion::DiffusionError;

use super::Spoken;
use crate::ErrorClass;

impl Spoken for DiffusionError {
    fn chinese(&self) -> String {
        old(self).unwrap_or_else(|| self.to_string())
    }

    fn class(&self) -> ErrorClass {
        ErrorClass::Failed
    }
}

fn old(error: &DiffusionError) -> Option<String> {
    match error {
        DiffusionError::Weights(error) => Some(error.chinese()),
        DiffusionError::Settings(error) => Some(format!("无法读取模型流程的设置：{error}；请重新获取模型")),
        DiffusionError::Unsupported(what) => Some(format!("不支持这种图片模型：{what}")),
        _ => None,
    }
}
