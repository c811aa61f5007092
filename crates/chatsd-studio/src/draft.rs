//! Drafts: pictures painted fast, so that a whole sheet is seen before any of it is painted well.

use std::{fmt, str::FromStr};

use chatsd_types::{Bilingual, Decoder, ImageModel, ModelCard, Request, Sampler, Schedule, Size, Source, UnknownName};
use serde::Serialize;

/// A model that needs no more steps than this is fast as it is, and so is the built-in one.
const FEW_STEPS: u32 = 8;
/// Sides of a draft in those of the picture: a little more than half of the pixels, and still a size that the models
/// compose well at.
const SIDES: (u32, u32) = (3, 4);

/// Whether a sheet is painted as drafts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Draft {
    /// Where the model is slow and nobody said how many steps.
    #[default]
    Auto,
    /// Always.
    On,
    /// Never.
    Off,
}

impl fmt::Display for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::On => "on",
            Self::Off => "off",
        })
    }
}

impl FromStr for Draft {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        match text.to_lowercase().as_str() {
            "auto" => Ok(Self::Auto),
            "on" | "true" => Ok(Self::On),
            "off" | "false" => Ok(Self::Off),
            _ => Err(UnknownName {
                kind: Bilingual { en: "way of drafts", zh: "草图方式" },
                found: text.to_owned(),
                expected: "auto, on, off".to_owned(),
            }),
        }
    }
}

/// What the pictures of a sheet are drafts of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Drafts {
    /// Pixels of a draft.
    pub size: Size,
    /// Steps of a draft.
    pub steps: u32,
    /// Pixels of the finished picture.
    pub full_size: Size,
    /// Steps of the finished picture.
    pub full_steps: u32,
}

impl Drafts {
    /// Whether pictures of a model are drafted when nobody says.
    pub(crate) fn are_wanted(card: &ModelCard) -> bool {
        card.steps > FEW_STEPS && card.family != "pocket"
    }

    /// Drafts of pictures like a request; a size or a number of steps that somebody chose stays as it is.
    pub(crate) fn of(card: &ModelCard, request: &Request, keeps_size: bool, keeps_steps: bool) -> Self {
        let Request { size, steps, .. } = *request;
        let smaller = |side: u32| side / SIDES.1 * SIDES.0;
        let small = Size { width: smaller(size.width), height: smaller(size.height) };
        Self {
            size: if keeps_size { size } else { card.nearest_size(small) },
            steps: if keeps_steps { steps } else { steps.min(FEW_STEPS) },
            full_size: size,
            full_steps: steps,
        }
    }

    /// Whether a request like this one can be painted with the tiny autoencoder: it is there.
    pub(crate) fn finds_tiny(request: &Request, model: &dyn ImageModel) -> bool {
        model.cost(&Request { decoder: Decoder::Tiny, ..request.clone() }, &Source::default()).is_ok()
    }

    /// Makes a request one for a draft, with the `tiny` autoencoder where that is there and nobody chose another.
    pub(crate) fn put_into(self, request: &mut Request, tiny: bool, keeps_sampler: bool) {
        (request.size, request.steps) = (self.size, self.steps);
        // The rule that needs the fewest steps on models of betas; a flow is straight as it is.
        if !keeps_sampler && request.schedule != Schedule::Flow {
            (request.sampler, request.schedule) = (Sampler::DpmPlusPlus2M, Schedule::Karras);
        }
        if request.decoder == Decoder::Automatic && tiny {
            request.decoder = Decoder::Tiny;
        }
    }
}
