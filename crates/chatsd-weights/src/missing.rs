//! What a model needs and a file or folder does not have.

/// A file, or an entry of one, that is not there, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message of a variant says what its fields are")]
pub enum Missing {
    #[error(
        "component folder with a config.json (unet, text_encoder, vae); give a model folder as diffusers saves one, \
         or a GGUF file"
    )]
    ComponentFolder,
    #[error("{component}/config.json; get the whole model again")]
    ComponentConfig { component: String },
    #[error("{} or {}; get the whole model again", names[0], names[1])]
    WeightFile { names: [&'static str; 2] },
    #[error("chatsd.{component}.config in its metadata: it holds no {component}; give a whole model")]
    ConfigEntry { component: String },
    #[error("array of texts {key} in its metadata: it is no whole model")]
    Words { key: &'static str },
    #[error("{kind} named {name}")]
    Named { kind: String, name: String },
}
