//! Changes to a request that is painted again.

use chatsd_prompt::{StyleLibrary, restyle};
use chatsd_types::{ModelCard, ParameterError, Prerequisite, Request, UpscaleTarget, parameter};

use crate::{StudioError, plan::settle_second_pass};

/// Gives one parameter of a request another value. A style is more than its name: the prompt is written anew around it.
///
/// # Errors
/// An unknown parameter, a value that it does not take, or one that means nothing for this request.
pub(crate) fn change(
    request: &mut Request,
    key: &str,
    value: &str,
    library: &StyleLibrary,
    card: &ModelCard,
) -> Result<(), StudioError> {
    let parameter = parameter(key)?;
    if parameter.key == "style" {
        request.prompt = restyle(&request.prompt, library.get(value.trim())?, library);
        return Ok(());
    }
    // A second pass is asked for by any of its parameters.
    let unmet = parameter.needs.filter(|needs| *needs != Prerequisite::SecondPass && !needs.met_by(request));
    if let Some(needs) = unmet {
        return Err(ParameterError::Needs { parameter, needs }.into());
    }
    parameter.put(request, value)?;
    if parameter.key == "hires"
        && let Ok(target) = value.trim().parse::<UpscaleTarget>()
    {
        settle_second_pass(request, card, target);
    }
    Ok(())
}
