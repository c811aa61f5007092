//! Errors in both languages, and what they come to. A room's errors stand in the file of its name.

mod damage;
mod diffusion;
mod gallery;
mod hub;
mod hub_faults;
mod network;
mod paint;
mod prompt;
mod studio;
mod system;
mod tensor;
mod unsupported;
mod weights;

use std::{error::Error, io, num::ParseIntError, str::ParseBoolError};

use chatsd_diffusion::{
    DiffusionError, EmbeddingError, Fit, ModelFlaw, NetworkError, NetworkFlaw, TokenRole, VocabularyError,
};
use chatsd_gallery::GalleryError;
use chatsd_hub::{AnswerFault, HubError, ListingFault, LookupError, NameFault, NetworkFault};
use chatsd_prompt::PromptError;
use chatsd_studio::StudioError;
use chatsd_tensor::{EngineError, FormatError, WeightError};
use chatsd_types::{PaintError, ParameterError, SyntaxError, SyntaxProblem, UnknownName, ValueError};
use chatsd_weights::{
    ArchiveDamage, BytesDamage, CheckpointDamage, Damage, GgufDamage, IndexDamage, LayerFault, Missing, NameDamage,
    PickleDamage, SafetensorsDamage, StoredAs, TensorDamage, UnknownPrediction, Unsupported, VocabularyDamage,
    WeightsError, WriteFault,
};

use crate::{ErrorClass, Lang};

/// An error that is known well enough to be said in every language. In English it is said by its `Display`.
pub trait Spoken: Error {
    /// What it says in Chinese, without its causes.
    fn chinese(&self) -> String;

    /// What it comes to. A cause decides where the error only says where it happened.
    fn class(&self) -> ErrorClass;
}

/// A cause that an error of its own type keeps in a box.
impl<E: Spoken> Spoken for Box<E> {
    fn chinese(&self) -> String {
        (**self).chinese()
    }

    fn class(&self) -> ErrorClass {
        (**self).class()
    }
}

/// Every error of the rooms below, by the type it is known as.
fn spoken<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a dyn Spoken> {
    fn as_type<'a, E: Spoken + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a dyn Spoken> {
        error.downcast_ref::<E>().map(|error| error as &dyn Spoken)
    }
    type Known = for<'a> fn(&'a (dyn Error + 'static)) -> Option<&'a dyn Spoken>;
    const KNOWN: &[Known] = &[
        as_type::<StudioError>,
        as_type::<PromptError>,
        as_type::<SyntaxError>,
        as_type::<SyntaxProblem>,
        as_type::<PaintError>,
        as_type::<ParameterError>,
        as_type::<UnknownName>,
        as_type::<GalleryError>,
        as_type::<WeightsError>,
        as_type::<LayerFault>,
        as_type::<Missing>,
        as_type::<StoredAs>,
        as_type::<UnknownPrediction>,
        as_type::<Unsupported>,
        as_type::<WriteFault>,
        as_type::<Damage>,
        as_type::<ArchiveDamage>,
        as_type::<BytesDamage>,
        as_type::<CheckpointDamage>,
        as_type::<GgufDamage>,
        as_type::<IndexDamage>,
        as_type::<NameDamage>,
        as_type::<PickleDamage>,
        as_type::<SafetensorsDamage>,
        as_type::<TensorDamage>,
        as_type::<VocabularyDamage>,
        as_type::<DiffusionError>,
        as_type::<Box<DiffusionError>>,
        as_type::<EmbeddingError>,
        as_type::<Fit>,
        as_type::<ModelFlaw>,
        as_type::<NetworkError>,
        as_type::<NetworkFlaw>,
        as_type::<TokenRole>,
        as_type::<VocabularyError>,
        as_type::<EngineError>,
        as_type::<FormatError>,
        as_type::<WeightError>,
        as_type::<HubError>,
        as_type::<AnswerFault>,
        as_type::<ListingFault>,
        as_type::<LookupError>,
        as_type::<NameFault>,
        as_type::<NetworkFault>,
        as_type::<ValueError>,
        as_type::<io::Error>,
        as_type::<ParseIntError>,
        as_type::<ParseBoolError>,
    ];
    KNOWN.iter().find_map(|known| known(error))
}

/// What the system or a library said, where it only carries an error of ours.
fn carried<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    let carried = error.downcast_ref::<io::Error>()?.get_ref()?;
    Some(carried)
}

/// A word among Chinese ones: beside Latin letters stands a space.
fn spaced(word: &str) -> String {
    let space = |end: Option<char>| if end.is_some_and(|c| c.is_ascii()) { " " } else { "" };
    format!("{}{word}{}", space(word.chars().next()), space(word.chars().next_back()))
}

/// An error and its causes.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| carried(*error).or_else(|| Error::source(*error)))
}

/// An error without its causes, in a language. What a library says stays as it is.
#[must_use]
pub fn say(lang: Lang, error: &(dyn Error + 'static)) -> String {
    match (lang, spoken(error)) {
        (Lang::Zh, Some(spoken)) => spoken.chinese(),
        _ => error.to_string(),
    }
}

/// What an error comes to: as the first of it and its causes says that is known.
#[must_use]
pub fn class(error: &(dyn Error + 'static)) -> ErrorClass {
    chain(error).find_map(spoken).map_or(ErrorClass::Failed, Spoken::class)
}
