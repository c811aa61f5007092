//! ESRGAN's network of dense blocks inside residuals inside residuals (Wang et al. 2018), under the three sets of names
//! it has been saved with: ESRGAN's first and second, and Real-ESRGAN's.

use chatsd_tensor::{Activation, Convolution, Engine, Epilogue, Shape, Tensor, UpsampleConvolution};
use chatsd_weights::Scope;

use super::{CHECKED, extents};
use crate::network::{NetworkError, NetworkFlaw};

/// How much of what a block found is added.
const RESIDUAL: f32 = 0.2;
/// No picture becomes more than 2⁴ times larger.
const MOST_DOUBLINGS: usize = 4;

/// The whole network.
#[derive(Clone)]
pub(super) struct Rrdb {
    /// Side of the squares of pixels that are taken as one: Real-ESRGAN reads larger pictures so.
    squares: usize,
    first: Convolution,
    blocks: Vec<[Dense; 3]>,
    trunk: Convolution,
    doublings: Vec<UpsampleConvolution>,
    wide: Convolution,
    last: Convolution,
}

/// TensorNames of the parts.
struct TensorNames {
    first: String,
    blocks: &'static str,
    dense: &'static str,
    /// After the name of a dense block's convolution.
    end: &'static str,
    trunk: String,
    doublings: Vec<String>,
    wide: String,
    last: String,
}

impl TensorNames {
    fn of(weights: &Scope<'_>) -> Option<Self> {
        let there = |name: &String| weights.shape(&format!("{name}.weight")).is_some();
        let named = |prefix: &str| {
            (1..=MOST_DOUBLINGS).map(|index| format!("{prefix}{index}")).take_while(there).collect::<Vec<_>>()
        };
        if weights.has("model.1.sub") {
            // A list of layers without names: the convolutions have the weights. After each doubling and each
            // rectifier, which have none, come the next ones.
            let places: Vec<String> = (2..40).map(|index| format!("model.{index}")).filter(there).collect();
            let [doublings @ .., wide, last] = places.as_slice() else { return None };
            let block = |index: &usize| weights.has(&format!("model.1.sub.{index}.RDB1"));
            let count = (0..).take_while(block).count();
            return Some(Self {
                first: "model.0".into(),
                blocks: "model.1.sub",
                dense: "RDB",
                end: ".0",
                trunk: format!("model.1.sub.{count}"),
                doublings: doublings.to_vec(),
                wide: wide.clone(),
                last: last.clone(),
            });
        }
        let first = "conv_first".to_owned();
        let last = "conv_last".to_owned();
        if weights.has("RRDB_trunk") {
            let (trunk, wide) = ("trunk_conv".into(), "HRconv".into());
            let doublings = named("upconv");
            return Some(Self { first, blocks: "RRDB_trunk", dense: "RDB", end: "", trunk, doublings, wide, last });
        }
        if weights.has("body.0.rdb1") {
            let (trunk, wide) = ("conv_body".into(), "conv_hr".into());
            let doublings = named("conv_up");
            return Some(Self { first, blocks: "body", dense: "rdb", end: "", trunk, doublings, wide, last });
        }
        None
    }
}

impl Rrdb {
    /// Nothing where the tensors are not of its kind.
    pub(super) fn load(weights: &Scope<'_>) -> Result<Option<Self>, NetworkError> {
        let Some(names) = TensorNames::of(weights) else { return Ok(None) };
        let [inputs, width] = extents(weights, &names.first)?;
        let squares = match inputs {
            3 => 1,
            12 => 2,
            48 => 4,
            found => {
                let (layer, expected) = (names.first, vec![3, 12, 48]);
                return CHECKED.unsupported(NetworkFlaw::Inputs { layer, found, expected });
            }
        };
        let same = |name: &str| weights.convolution(name, [width, width, 3]);
        let mut blocks = Vec::new();
        while weights.has(&format!("{}.{}.{}1", names.blocks, blocks.len(), names.dense)) {
            let block = weights.at(format!("{}.{}", names.blocks, blocks.len()));
            let dense = |index: usize| Dense::load(&block.at(format!("{}{index}", names.dense)), width, names.end);
            blocks.push([dense(1)?, dense(2)?, dense(3)?]);
        }
        let doublings = names.doublings.iter().map(|name| weights.upsample_convolution(name, [width; 2]));
        let doublings: Vec<UpsampleConvolution> = doublings.collect::<Result<_, _>>()?;
        let scale = 1 << doublings.len();
        if scale < squares {
            return CHECKED.unsupported(NetworkFlaw::Shrinks { squares, scale });
        }
        Ok(Some(Self {
            squares,
            first: weights.convolution(&names.first, [inputs, width, 3])?,
            blocks,
            trunk: same(&names.trunk)?,
            doublings,
            wide: same(&names.wide)?,
            last: weights.convolution(&names.last, [width, 3, 3])?,
        }))
    }

    pub(super) fn scale(&self) -> usize {
        (1 << self.doublings.len()) / self.squares
    }

    pub(super) fn forward(&self, engine: &Engine, image: &Tensor) -> Tensor {
        let (plain, leaky) = (Epilogue::default(), Epilogue::default().activation(Activation::LeakyRelu));
        let Shape { height, width, .. } = image.shape();
        let x = match self.squares {
            1 => image.clone(),
            squares => engine.pixel_unshuffle(&filled_up(engine, image, squares), squares),
        };
        let first = engine.convolution([&x], &self.first, plain);
        let mut x = first.clone();
        for block in &self.blocks {
            let inner = block.iter().fold(x.clone(), |x, dense| dense.forward(engine, &x));
            x = engine.combine(&[(RESIDUAL, &inner), (1.0, &x)]);
        }
        let mut x = engine.convolution([&x], &self.trunk, plain.residual(&first));
        for doubling in &self.doublings {
            x = engine.upsample_convolution(&x, doubling, leaky);
        }
        let x = engine.convolution([&x], &self.wide, leaky);
        let x = engine.convolution([&x], &self.last, plain);
        let scale = self.scale();
        cut(engine, x, [height * scale, width * scale])
    }
}

/// Five convolutions, each reading what all before it made.
#[derive(Clone)]
struct Dense([Convolution; 5]);

impl Dense {
    fn load(weights: &Scope<'_>, width: usize, end: &str) -> Result<Self, NetworkError> {
        let growth = extents(weights, &format!("conv1{end}"))?[1];
        let layer = |index: usize| {
            let outputs = if index == 5 { width } else { growth };
            weights.convolution(&format!("conv{index}{end}"), [width + (index - 1) * growth, outputs, 3])
        };
        Ok(Self([layer(1)?, layer(2)?, layer(3)?, layer(4)?, layer(5)?]))
    }

    fn forward(&self, engine: &Engine, x: &Tensor) -> Tensor {
        let leaky = Epilogue::default().activation(Activation::LeakyRelu);
        let [one, two, three, four, five] = &self.0;
        let x1 = engine.convolution([x], one, leaky);
        let x2 = engine.convolution([x, &x1], two, leaky);
        let x3 = engine.convolution([x, &x1, &x2], three, leaky);
        let x4 = engine.convolution([x, &x1, &x2, &x3], four, leaky);
        let found = engine.convolution([x, &x1, &x2, &x3, &x4], five, Epilogue::default());
        engine.combine(&[(RESIDUAL, &found), (1.0, x)])
    }
}

/// The picture made a multiple of `squares` high and wide by mirroring at its lower and right edges.
fn filled_up(engine: &Engine, image: &Tensor, squares: usize) -> Tensor {
    let from = image.shape();
    let shape =
        Shape { height: from.height.next_multiple_of(squares), width: from.width.next_multiple_of(squares), ..from };
    let mirrored = |place: usize, side: usize| if place < side { place } else { (2 * side).saturating_sub(2 + place) };
    placed(engine, image, shape, |y, x| (mirrored(y, from.height), mirrored(x, from.width)))
}

/// The upper left part of a picture.
fn cut(engine: &Engine, image: Tensor, [height, width]: [usize; 2]) -> Tensor {
    let shape = Shape { height, width, ..image.shape() };
    if shape == image.shape() { image } else { placed(engine, &image, shape, |y, x| (y, x)) }
}

/// A picture of `shape` whose pixel at row and column is the one of `image` that `place` says.
fn placed(engine: &Engine, image: &Tensor, shape: Shape, place: impl Fn(usize, usize) -> (usize, usize)) -> Tensor {
    let (from, channels) = (image.shape(), shape.channels);
    let mut output = engine.filled(shape, 0.0);
    for (index, pixel) in output.values_mut().chunks_exact_mut(channels).enumerate() {
        let (picture, row, column) = (index / shape.pixels(), index / shape.width % shape.height, index % shape.width);
        let (y, x) = place(row, column);
        let at = (picture * from.pixels() + y * from.width + x) * channels;
        pixel.copy_from_slice(&image.values()[at..at + channels]);
    }
    output
}
