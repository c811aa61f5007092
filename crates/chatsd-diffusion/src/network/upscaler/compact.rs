//! Real-ESRGAN's compact network (`SRVGGNetCompact`): plain convolutions at the small size, and one shuffle at the end.

use chatsd_tensor::{Convolution, Engine, Epilogue, Shape, Tensor};
use chatsd_weights::Scope;

use super::{CHECKED, extents};
use crate::network::{NetworkError, NetworkFlaw};

/// `shuffle(conv(…prelu(conv(x)))) + x` with every pixel of `x` repeated.
#[derive(Clone)]
pub(super) struct Compact {
    /// Each with the slopes below zero of the rectifier after it.
    layers: Vec<(Convolution, Vec<f32>)>,
    last: Convolution,
    scale: usize,
}

impl Compact {
    /// Nothing where the tensors are not of its kind.
    pub(super) fn load(weights: &Scope<'_>) -> Result<Option<Self>, NetworkError> {
        if weights.shape("body.0.weight").map(|shape| shape.len()) != Some(4) {
            return Ok(None);
        }
        let convolution = |index: usize| {
            let name = format!("body.{index}");
            let [inputs, outputs] = extents(weights, &name)?;
            Ok::<_, NetworkError>((weights.convolution(&name, [inputs, outputs, 3])?, outputs))
        };
        let (mut layers, mut index, mut width) = (Vec::new(), 0, 3);
        loop {
            let (layer, outputs) = convolution(index)?;
            if layer.inputs() != width {
                let (layer, found) = (format!("body.{index}"), layer.inputs());
                return CHECKED.inconsistent(NetworkFlaw::Inputs { layer, found, expected: vec![width] });
            }
            if weights.shape(&format!("body.{}.weight", index + 1)).is_none() {
                let scale = (outputs / 3).isqrt();
                if outputs != 3 * scale * scale || layers.is_empty() {
                    let layer = format!("body.{index}");
                    return CHECKED.unsupported(NetworkFlaw::Outputs { layer, found: outputs });
                }
                return Ok(Some(Self { layers, last: layer, scale }));
            }
            let slopes = weights.values(&format!("body.{}.weight", index + 1), &[outputs])?;
            layers.push((layer, slopes));
            (index, width) = (index + 2, outputs);
        }
    }

    pub(super) fn scale(&self) -> usize {
        self.scale
    }

    pub(super) fn forward(&self, engine: &Engine, image: &Tensor) -> Tensor {
        let mut x = image.clone();
        for (layer, slopes) in &self.layers {
            x = engine.leaky(engine.convolution([&x], layer, Epilogue::default()), slopes);
        }
        let squares = repeated(engine, image, self.scale * self.scale);
        let x = engine.convolution([&x], &self.last, Epilogue::default().residual(&squares));
        engine.pixel_shuffle(&x, self.scale)
    }
}

/// Each channel `times` times.
fn repeated(engine: &Engine, image: &Tensor, times: usize) -> Tensor {
    let Shape { channels, .. } = image.shape();
    let mut output = engine.filled(image.shape().with_channels(channels * times), 0.0);
    for (values, value) in output.values_mut().chunks_exact_mut(times).zip(image.values()) {
        values.fill(*value);
    }
    output
}
