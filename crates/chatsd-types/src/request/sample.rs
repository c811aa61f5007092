//! What the tests of requests share, here and on the floors above.

use crate::{ParameterValues, Prompt, Request, Sampler, Schedule, Size};

/// A request with a bit of everything.
pub fn sample_request(positive: &str) -> Request {
    Request {
        prompt: Prompt {
            own: positive.into(),
            positive: positive.into(),
            style: "sticker".into(),
            ..Prompt::default()
        },
        model: "pocket".into(),
        model_hash: "0123456789".into(),
        size: Size { width: 8, height: 4 },
        steps: 12,
        guidance: 3.5,
        sampler: Sampler::EulerAncestral,
        schedule: Schedule::Karras,
        seed: u64::MAX,
        ..Request::default()
    }
}

/// A value that is not the usual one; text holds all that an infotext has to quote.
pub fn unusual_value(values: ParameterValues) -> String {
    match values {
        ParameterValues::Whole { high, .. } => high.to_string(),
        ParameterValues::Number { high, .. } => (high / 2.0).to_string(),
        ParameterValues::Name { all } => all().last().unwrap().to_string(),
        ParameterValues::Truth => "true".into(),
        ParameterValues::Size | ParameterValues::UpscaleTarget => "24x40".into(),
        ParameterValues::Text => "some, \"text\": here".into(),
    }
}
