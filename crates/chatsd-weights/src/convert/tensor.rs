//! A tensor of another format or form, made when its turn to be written comes.

use std::{borrow::Cow, path::Path};

use chatsd_tensor::{Format, Weight, WeightError};

use crate::{LayerFault, Scope, WeightsError, transpose::transpose};

/// How the values lie in the file that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// As the network wants them.
    Same,
    /// Rows as columns.
    Transposed,
    /// `[out, in, height, width]` as `[out, height, width, in]`.
    ChannelsLast,
}

/// A tensor to be written: of one tensor of a network, or of several whose rows follow each other.
#[derive(Clone, Debug)]
pub(crate) struct Converted<'a> {
    pub(crate) scope: Scope<'a>,
    pub(crate) names: Vec<String>,
    pub(crate) form: Form,
    /// In the file that is written.
    pub(crate) shape: Vec<usize>,
    pub(crate) format: Format,
}

impl<'a> Converted<'a> {
    /// The bytes, borrowed where they are in a file already.
    pub(crate) fn weight(&self) -> Result<Weight<'a>, WeightsError> {
        let parts: Vec<Weight<'a>> = self.names.iter().map(|name| self.scope.weight(name)).collect::<Result<_, _>>()?;
        let is_stored = self.form == Form::Same && parts.iter().all(|part| part.format == self.format);
        let bytes = match parts.as_slice() {
            [part] if is_stored => part.bytes.clone(),
            parts if is_stored => Cow::Owned(parts.iter().flat_map(|part| part.bytes.iter().copied()).collect()),
            parts => Cow::Owned(self.encoded(parts)?),
        };
        Ok(Weight { shape: self.shape.clone(), format: self.format, bytes })
    }

    fn encoded(&self, parts: &[Weight<'_>]) -> Result<Vec<u8>, WeightsError> {
        let failed = |source: LayerFault| WeightsError::Layer {
            path: self.scope.files().first().map_or(Path::new(""), |file| file.path()).to_owned(),
            tensor: self.names.join("+"),
            source,
        };
        let mut values = Vec::new();
        for part in parts {
            values.extend(part.values().map_err(|error| failed(error.into()))?);
        }
        let values = match (self.form, self.shape.as_slice()) {
            (Form::Transposed, &[rows, columns]) => transpose(&values, 1, columns, rows),
            (Form::ChannelsLast, &[outputs, height, width, inputs]) => {
                transpose(&values, outputs, inputs, height * width)
            }
            _ => values,
        };
        let largest = if self.format == Format::F16 { 65_504.0 } else { f32::MAX };
        if let Some(value) = values.iter().find(|value| value.is_finite() && value.abs() > largest) {
            return Err(failed(LayerFault::BeyondF16 { value: *value }));
        }
        self.format.encode(&values).map_err(|error| failed(WeightError::from(error).into()))
    }
}
