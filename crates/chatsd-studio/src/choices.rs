//! What somebody decided. What is open is left to the sentence, then to the model.

use chatsd_types::{Adapter, Image, ParameterChoices, Preprocessor};

use crate::Draft;

/// Choices about the prompts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PromptChoices {
    /// How many pictures; else as the sentence says, else nine.
    pub count: Option<usize>,
    /// Names of the styles to use, in order; else as the sentence says, else as different as can be.
    pub styles: Vec<String>,
    /// One prompt for each style that the model knows.
    pub all_styles: bool,
    /// What must not be seen, besides what the sentence excludes.
    pub negative: String,
    /// Decides every choice of words, and the noise of the first picture; else a new one.
    pub seed: Option<u64>,
}

/// Choices about the pictures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PictureChoices {
    /// Parameters of the requests.
    pub parameters: ParameterChoices,
    /// Whether they are drafts.
    pub draft: Draft,
    /// LoRAs and their relatives, before those that the sentence names.
    pub adapters: Vec<Adapter>,
    /// ControlNets with the pictures that they follow.
    pub controls: Vec<ControlChoice>,
    /// Pictures that are prompts.
    pub image_prompts: Vec<ImagePromptChoice>,
}

/// A ControlNet and the picture that it follows.
#[derive(Clone, Debug, PartialEq)]
pub struct ControlChoice {
    /// Name or path of the ControlNet.
    pub name: String,
    /// The picture.
    pub image: Image,
    /// What makes the network's input of it; else what the network's name says.
    pub preprocessor: Option<Preprocessor>,
    /// Factor of what it adds.
    pub weight: f32,
    /// Share of the steps after which it begins.
    pub start: f32,
    /// Share of the steps after which it ends.
    pub end: f32,
}

impl ControlChoice {
    /// What makes the network's input: what was asked for, else what the network's name says.
    pub(crate) fn preprocessor(&self) -> Preprocessor {
        let name = self.name.to_lowercase();
        let named = [
            ("canny", Preprocessor::Canny),
            ("lineart", Preprocessor::Lineart),
            ("scribble", Preprocessor::Scribble),
            ("tile", Preprocessor::Tile),
            ("color", Preprocessor::Colour),
            ("inpaint", Preprocessor::Inpaint),
        ];
        let named = named.into_iter().find(|(word, _)| name.contains(word)).map(|(_, preprocessor)| preprocessor);
        self.preprocessor.or(named).unwrap_or_default()
    }
}

/// A picture that is a prompt, and the IP-Adapter for it.
#[derive(Clone, Debug, PartialEq)]
pub struct ImagePromptChoice {
    /// Name or path of the IP-Adapter.
    pub name: String,
    /// The picture.
    pub image: Image,
    /// Factor of what it adds.
    pub weight: f32,
}

#[cfg(test)]
mod tests {
    use chatsd_types::Size;

    use super::*;

    #[test]
    fn the_name_of_a_control_net_says_what_it_reads() {
        let image = Image::filled(Size { width: 1, height: 1 }, [0; 3]);
        let choice = |name: &str, preprocessor| ControlChoice {
            name: name.into(),
            image: image.clone(),
            preprocessor,
            weight: 1.0,
            start: 0.0,
            end: 1.0,
        };
        assert_eq!(choice("v11p_sd15_Canny", None).preprocessor(), Preprocessor::Canny);
        assert_eq!(choice("v11p_sd15_canny", Some(Preprocessor::None)).preprocessor(), Preprocessor::None);
        assert_eq!(choice("openpose", None).preprocessor(), Preprocessor::None);
    }
}
