//! What a request comes to: whether it paints, what it is painted from, what of it others may see.

use crate::{ModelCard, Request};

impl Request {
    /// Whether anything is painted; otherwise the picture is the starting picture, or that made larger.
    #[must_use]
    pub fn paints(&self) -> bool {
        self.init.is_none() || self.strength > 0.0
    }

    /// SHA-256, in hex, of every picture that it is painted from.
    pub fn sources(&self) -> impl Iterator<Item = &str> {
        let controls = self.controls.iter().map(|control| &control.image);
        let prompts = self.image_prompts.iter().map(|prompt| &prompt.image);
        self.init.iter().chain(&self.mask).chain(controls).chain(prompts).map(String::as_str)
    }

    /// The same request, painted by another model.
    #[must_use]
    pub fn for_model(self, card: &ModelCard) -> Self {
        let (model, model_hash, model_licence) = (card.name.clone(), card.hash.clone(), card.licence.clone());
        Self { model, model_hash, model_licence, ..self }
    }

    /// As a picture tells it to others: files beside the model by name alone, without the folders of this machine.
    #[must_use]
    pub fn without_paths(&self) -> Self {
        let mut request = self.clone();
        let controls = request.controls.iter_mut().map(|control| &mut control.name);
        let prompts = request.image_prompts.iter_mut().map(|prompt| &mut prompt.name);
        let upscaler = request.second_pass.iter_mut().map(|second| &mut second.upscaler);
        for name in controls.chain(prompts).chain(upscaler).filter(|name| name.contains(['/', '\\'])) {
            let last = name.rsplit(['/', '\\']).find(|part| !part.is_empty()).unwrap_or_default();
            *name = last.rsplit_once('.').map_or(last, |(stem, _)| stem).to_owned();
        }
        request
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{SecondPass, Size};

    #[test]
    fn no_folder_is_given_away() {
        let second = |upscaler: &str| {
            let size = Size { width: 1, height: 1 };
            Some(SecondPass { size, steps: 0, strength: 0.0, upscaler: upscaler.into() })
        };
        for (given, expected) in [
            ("/models/me/4x_v1.5.pth", "4x_v1.5"),
            ("C:\\u\\x.pth", "x"),
            ("a/folder/", "folder"),
            ("4x_v1.5", "4x_v1.5"),
            ("/", ""),
        ] {
            let request = Request { second_pass: second(given), ..Request::default() };
            assert_eq!(request.without_paths().second_pass, second(expected));
        }
    }

    proptest! {
        #[test]
        fn no_json_makes_it_panic(text in "[{}\\[\\]\":,a-z0-9.-]{0,60}") {
            let _ = serde_json::from_str::<Request>(&text);
        }
    }
}
