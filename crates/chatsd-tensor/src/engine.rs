//! The operations that networks are written in. Shapes are checked here; back ends only calculate.

use std::sync::Arc;

use crate::{
    arena::Arena,
    backend::{Activation, Attention, AttentionMask, Backend, Geometry, GroupNorm, Product},
    counting::{CountingBackend, Work},
    cpu::{Cpu, Instructions},
    layer::{Convolution, Embedding, Linear, Norm, UpsampleConvolution},
    low_rank::PackedLowRank,
    moments::Moments,
    packed::PANEL,
    reference::Reference,
    tensor::{Rows, Shape, Tensor, View, product},
};

/// How to run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Threads; `None` takes one a physical core.
    pub threads: Option<usize>,
    /// Instructions to use; `None` takes the widest this processor has.
    pub instructions: Option<Instructions>,
}

/// Why an engine cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// Instructions were forced that this processor lacks.
    #[error("this processor has no {wanted} instructions; the widest it has are {found}")]
    Instructions {
        /// What was asked for.
        wanted: Instructions,
        /// What there is.
        found: Instructions,
    },
    /// The threads could not be started.
    #[error("cannot start {threads} threads: {source}")]
    Threads {
        /// How many.
        threads: usize,
        /// Why.
        source: std::io::Error,
    },
}

/// What is done to a product's result while it is still in registers: `activation(result + add_row + residual)`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Epilogue<'a> {
    add_row: Option<&'a Tensor>,
    residual: Option<&'a Tensor>,
    activation: Activation,
}

impl<'a> Epilogue<'a> {
    /// Adds one row, `batch × 1 × 1 × outputs`, to every pixel of its picture.
    #[must_use]
    pub const fn add_row(self, row: &'a Tensor) -> Self {
        Self { add_row: Some(row), ..self }
    }

    /// Adds a tensor as large as the result.
    #[must_use]
    pub const fn residual(self, residual: &'a Tensor) -> Self {
        Self { residual: Some(residual), ..self }
    }

    /// Applies a function last.
    #[must_use]
    pub const fn activation(self, activation: Activation) -> Self {
        Self { activation, ..self }
    }
}

/// The operations, a back end below them, and the memory they use. Cheap to clone: clones share all of it.
///
/// A shape that does not fit is a mistake of the network's author, never of a user (weights are checked when they are
/// loaded), so every operation panics on one.
#[derive(Clone)]
pub struct Engine {
    backend: Arc<dyn Backend>,
    arena: Arc<Arena>,
    options: Options,
    moments: Option<Arc<Moments>>,
}

impl Engine {
    fn of(backend: Arc<dyn Backend>) -> Self {
        Self { backend, arena: Arc::default(), options: Options::default(), moments: None }
    }

    /// The same engine, whose group normalisations share their moments between the tiles of one picture.
    #[must_use]
    pub fn sharing(&self, moments: &Arc<Moments>) -> Self {
        Self { moments: Some(Arc::clone(moments)), ..self.clone() }
    }

    /// An engine on this processor.
    ///
    /// # Errors
    /// When the processor lacks the instructions, or threads cannot be started.
    pub fn cpu(options: Options) -> Result<Self, EngineError> {
        let cpu = Cpu::new(options)?;
        let options = Options { threads: Some(cpu.threads()), instructions: Some(cpu.instructions()) };
        Ok(Self { options, ..Self::of(Arc::new(cpu)) })
    }

    /// Plain loops: the oracle.
    #[must_use]
    pub fn reference() -> Self {
        Self::of(Arc::new(Reference))
    }

    /// Counts and computes nothing: results are zeros, and layers need no numbers. See [`Self::work`].
    #[must_use]
    pub fn counting() -> Self {
        Self::of(Arc::<CountingBackend>::default())
    }

    /// What the operations so far would have taken; nothing unless this is a counting engine.
    #[must_use]
    pub fn work(&self) -> Option<Work> {
        self.backend.work()
    }

    /// Most bytes that all buffers took at once, in use and returned, since [`Engine::measure_afresh`].
    #[must_use]
    pub fn held(&self) -> usize {
        self.arena.most()
    }

    /// Frees what is not in use, and measures [`Engine::held`] from here on.
    pub fn measure_afresh(&self) {
        self.arena.measure_afresh();
    }

    /// What was decided about threads and instructions; both `None` for the reference.
    #[must_use]
    pub const fn options(&self) -> Options {
        self.options
    }

    /// How many buffers were ever allocated: stands still once every shape has been seen.
    #[must_use]
    pub fn allocations(&self) -> usize {
        self.arena.made()
    }

    /// Gives the memory of buffers that are not in use back to the system.
    pub fn trim(&self) {
        self.arena.trim();
    }

    fn lend(&self, shape: Shape) -> Tensor {
        Tensor::from_buffer(shape, self.arena.lend(shape.len()))
    }

    /// A tensor of one value.
    #[must_use]
    pub fn filled(&self, shape: Shape, value: f32) -> Tensor {
        let mut tensor = self.lend(shape);
        tensor.values_mut().fill(value);
        tensor
    }

    /// `epilogue(W x + b)` of every row.
    #[must_use]
    pub fn linear<'a>(&self, x: impl Into<View<'a>>, layer: &Linear, epilogue: Epilogue<'_>) -> Tensor {
        let x = x.into();
        let shape = x.shape();
        assert_eq!(shape.channels, layer.matrix.depth, "a linear layer of {} inputs got {shape}", layer.matrix.depth);
        let output = shape.with_channels(layer.outputs());
        // A row for each picture needs to know where a picture ends.
        let geometry = Geometry { batch: shape.batch, ..Geometry::rows(shape.pixels()) };
        let product = self.product(&layer.matrix, layer.bias.as_deref(), geometry);
        match &layer.low_rank {
            None => self.run(Product { gated: layer.gated, ..product }, &[x.rows()], output, epilogue),
            Some(low_rank) => {
                let wide = output.with_channels(layer.matrix.outputs);
                let wide = self.run_with_low_rank(product, low_rank, &[x.rows()], wide, epilogue);
                if layer.gated { self.gate(&wide) } else { wide }
            }
        }
    }

    /// The product of a layer, and of the path beside it.
    fn run_with_low_rank(
        &self,
        product: Product<'_>,
        low_rank: &PackedLowRank,
        segments: &[Rows<'_>],
        shape: Shape,
        epilogue: Epilogue<'_>,
    ) -> Tensor {
        let down = self.product(&low_rank.down, None, product.geometry);
        let narrow = self.run(down, segments, shape.with_channels(low_rank.down.outputs), Epilogue::default());
        let geometry = Geometry { batch: shape.batch, ..Geometry::rows(shape.pixels()) };
        let up = self.product(&low_rank.up, None, geometry);
        let before = Epilogue { residual: epilogue.residual, ..Epilogue::default() };
        let added = self.run(up, &[View::from(&narrow).rows()], shape, before);
        self.run(product, segments, shape, Epilogue { residual: Some(&added), ..epilogue })
    }

    /// `value · gelu(gate)` of what a gated layer makes, in the order of its panels.
    fn gate(&self, wide: &Tensor) -> Tensor {
        const HALF: usize = PANEL / 2;
        let shape = wide.shape().with_channels(wide.shape().channels / 2);
        let (mut output, mut gates) = (self.lend(shape), self.lend(shape));
        let panels = wide.values().as_chunks::<PANEL>().0;
        for (gate, panel) in gates.values_mut().as_chunks_mut::<HALF>().0.iter_mut().zip(panels) {
            gate.copy_from_slice(&panel[HALF..]);
        }
        self.backend.activate(Activation::Gelu, gates.values_mut());
        let gates = gates.values().as_chunks::<HALF>().0;
        for ((values, gates), panel) in output.values_mut().as_chunks_mut::<HALF>().0.iter_mut().zip(gates).zip(panels)
        {
            for ((value, gate), &given) in values.iter_mut().zip(gates).zip(panel) {
                *value = given * gate;
            }
        }
        output
    }

    /// `epilogue(convolution of the segments' concatenated channels + b)`.
    #[must_use]
    pub fn convolution<const N: usize>(
        &self,
        segments: [&Tensor; N],
        layer: &Convolution,
        epilogue: Epilogue<'_>,
    ) -> Tensor {
        let (shape, rows) = concatenated(segments);
        assert_eq!(shape.channels, layer.inputs(), "a convolution of {} channels got {shape}", layer.inputs());
        let geometry = layer.geometry(shape);
        let [height, width] = geometry.output;
        let output = Shape { height, width, channels: layer.outputs(), ..shape };
        let product = self.product(&layer.matrix, layer.bias.as_deref(), geometry);
        match &layer.low_rank {
            None => self.run(product, &rows, output, epilogue),
            Some(low_rank) => self.run_with_low_rank(product, low_rank, &rows, output, epilogue),
        }
    }

    /// Doubles the picture by repeating pixels, then convolves; the doubled picture is never made.
    #[must_use]
    pub fn upsample_convolution(&self, x: &Tensor, layer: &UpsampleConvolution, epilogue: Epilogue<'_>) -> Tensor {
        let shape = x.shape();
        assert_eq!(shape.channels, layer.inputs(), "an upsampling of {} channels got {shape}", layer.inputs());
        let channels = layer.phases[0].outputs;
        let mut output = self.lend(Shape { channels, ..doubled(shape) });
        for (phase, matrix) in layer.phases.iter().enumerate() {
            let geometry = UpsampleConvolution::geometry(shape, phase);
            let product = self.product(matrix, layer.bias.as_deref(), geometry);
            self.run_into(product, &[View::from(x).rows()], &mut output, epilogue);
        }
        output
    }

    fn product<'a>(
        &self,
        weights: &'a crate::packed::PackedMatrix,
        bias: Option<&'a [f32]>,
        geometry: Geometry,
    ) -> Product<'a> {
        let (add_row, residual, activation) = (None, None, Activation::None);
        Product { segments: &[], geometry, weights, bias, add_row, residual, activation, gated: false }
    }

    fn run(&self, product: Product<'_>, segments: &[Rows<'_>], shape: Shape, epilogue: Epilogue<'_>) -> Tensor {
        let mut output = self.lend(shape);
        self.run_into(product, segments, &mut output, epilogue);
        output
    }

    fn run_into(&self, product: Product<'_>, segments: &[Rows<'_>], output: &mut Tensor, epilogue: Epilogue<'_>) {
        let Epilogue { add_row, residual, activation } = epilogue;
        let shape = output.shape();
        if let Some(row) = add_row {
            assert_eq!(row.shape(), Shape::new(shape.batch, 1, 1, shape.channels), "a row added to {shape}");
        }
        if let Some(residual) = residual {
            assert_eq!(residual.shape(), shape, "a residual added to {shape}");
        }
        assert!(!product.gated || (add_row.is_none() && residual.is_none() && activation == Activation::None));
        let (add_row, residual) = (add_row.map(Tensor::values), residual.map(Tensor::values));
        self.backend.product(&Product { segments, add_row, residual, activation, ..product }, output.values_mut());
    }

    /// `softmax(q kᵀ / √d) v` for each of `heads` heads that lie side by side in the channels.
    /// `q` is `batch × height × width × channels`; `k` and `v` have as many channels and any number of pixels.
    #[must_use]
    pub fn attention<'a>(
        &self,
        q: impl Into<View<'a>>,
        k: impl Into<View<'a>>,
        v: impl Into<View<'a>>,
        heads: usize,
        mask: AttentionMask,
    ) -> Tensor {
        let (q, k, v) = (q.into(), k.into(), v.into());
        let (shape, seen) = (q.shape(), k.shape());
        assert_eq!(seen, v.shape(), "keys and values");
        assert!(shape.batch == seen.batch && shape.channels == seen.channels, "queries {shape}, keys {seen}");
        assert!(shape.channels.is_multiple_of(heads), "{} channels in {heads} heads", shape.channels);
        let mut output = self.lend(shape);
        let attention = Attention {
            batch: shape.batch,
            heads,
            head: shape.channels / heads,
            queries: shape.pixels(),
            keys: seen.pixels(),
            q: q.rows(),
            k: k.rows(),
            v: v.rows(),
            mask,
        };
        self.backend.attention(&attention, output.values_mut());
        output
    }

    /// Group normalisation of the segments' concatenated channels, then an activation. Wu and He 2018.
    #[must_use]
    pub fn group_norm<const N: usize>(
        &self,
        segments: [&Tensor; N],
        norm: &Norm,
        groups: usize,
        activation: Activation,
    ) -> Tensor {
        let (shape, rows) = concatenated(segments);
        assert_eq!(shape.channels, norm.scale.len(), "a norm of {} channels got {shape}", norm.scale.len());
        assert!(shape.channels.is_multiple_of(groups), "{} channels in {groups} groups", shape.channels);
        let mut output = self.lend(shape);
        let job = GroupNorm {
            segments: &rows,
            batch: shape.batch,
            pixels: shape.pixels(),
            groups,
            scale: &norm.scale,
            shift: &norm.shift,
            epsilon: norm.epsilon,
            activation,
            shared: self.moments.as_deref().map(|moments| (moments, moments.place())),
        };
        self.backend.group_norm(&job, output.values_mut());
        output
    }

    /// Layer normalisation of every row. Ba, Kiros and Hinton 2016.
    #[must_use]
    pub fn layer_norm<'a>(&self, x: impl Into<View<'a>>, norm: &Norm) -> Tensor {
        let x = x.into();
        let shape = x.shape();
        assert_eq!(shape.channels, norm.scale.len(), "a norm of {} channels got {shape}", norm.scale.len());
        let mut output = self.lend(shape);
        self.backend.layer_norm(x.rows(), &norm.scale, &norm.shift, norm.epsilon, output.values_mut());
        output
    }

    /// `activation(x)`.
    #[must_use]
    pub fn activate(&self, mut x: Tensor, activation: Activation) -> Tensor {
        self.backend.activate(activation, x.values_mut());
        x
    }

    /// `x` above zero, below it `x` times the slope of its channel. He et al. 2015 (PReLU).
    ///
    /// # Panics
    /// When there is not one slope for each channel.
    #[must_use]
    pub fn leaky(&self, mut x: Tensor, slopes: &[f32]) -> Tensor {
        assert_eq!(x.shape().channels, slopes.len(), "slopes of {}", x.shape());
        for pixel in x.values_mut().chunks_exact_mut(slopes.len().max(1)) {
            for (value, slope) in pixel.iter_mut().zip(slopes) {
                *value = if *value < 0.0 { *value * slope } else { *value };
            }
        }
        x
    }

    /// `Σ factorᵢ · xᵢ`: every sampler and guidance is made of these.
    ///
    /// # Panics
    /// When there is no term, or the shapes differ.
    #[must_use]
    pub fn combine(&self, terms: &[(f32, &Tensor)]) -> Tensor {
        let shape = terms.first().expect("at least one term").1.shape();
        assert!(terms.iter().all(|(_, x)| x.shape() == shape), "terms of different shapes: {terms:?}");
        let mut output = self.lend(shape);
        let terms: Vec<(f32, &[f32])> = terms.iter().map(|(factor, x)| (*factor, x.values())).collect();
        self.backend.combine(&terms, output.values_mut());
        output
    }

    /// `y[i] = f(a[i], b[i])`: for what happens once a step (masks, clamping), not inside a network.
    #[must_use]
    pub fn zip(&self, a: &Tensor, b: &Tensor, f: impl Fn(f32, f32) -> f32) -> Tensor {
        assert_eq!(a.shape(), b.shape(), "values side by side");
        let mut output = self.lend(a.shape());
        for (y, (a, b)) in output.values_mut().iter_mut().zip(a.values().iter().zip(b.values())) {
            *y = f(*a, *b);
        }
        output
    }

    /// The vectors of `tokens`: `1 × 1 × tokens × channels`. An id beyond the table reads its last row.
    #[must_use]
    pub fn embed(&self, tokens: &[u32], table: &Embedding) -> Tensor {
        let mut output = self.lend(Shape::sequence(1, tokens.len(), table.channels));
        for (&token, values) in tokens.iter().zip(output.values_mut().chunks_exact_mut(table.channels)) {
            table.row((token as usize).min(table.rows() - 1), values);
        }
        output
    }

    /// Every pixel four times. Networks have it folded into the convolution that follows: this is the plain way that
    /// tests hold [`Engine::upsample_convolution`] against.
    #[must_use]
    pub fn upsample_nearest(&self, x: &Tensor) -> Tensor {
        let shape = x.shape();
        let mut output = self.lend(doubled(shape));
        let width = shape.width * shape.channels;
        if width == 0 {
            return output;
        }
        for (rows, row) in output.values_mut().chunks_exact_mut(4 * width).zip(x.values().chunks_exact(width)) {
            let (first, second) = rows.split_at_mut(2 * width);
            for (pair, pixel) in first.chunks_exact_mut(2 * shape.channels).zip(row.chunks_exact(shape.channels)) {
                pair[..shape.channels].copy_from_slice(pixel);
                pair[shape.channels..].copy_from_slice(pixel);
            }
            second.copy_from_slice(first);
        }
        output
    }

    /// Blocks of `factor × factor` pixels become channels, in PyTorch's order: `channel · factor² + row · factor + column`.
    #[must_use]
    pub fn pixel_unshuffle(&self, x: &Tensor, factor: usize) -> Tensor {
        let shape = x.shape();
        assert!(shape.height.is_multiple_of(factor) && shape.width.is_multiple_of(factor), "{shape} by {factor}");
        let (height, width) = (shape.height / factor, shape.width / factor);
        let channels = product([shape.channels, factor, factor]);
        let mut output = self.lend(Shape { height, width, channels, ..shape });
        shuffle(shape, factor, |pixel, block| output.values_mut()[block] = x.values()[pixel]);
        output
    }

    /// The inverse of [`Engine::pixel_unshuffle`].
    #[must_use]
    pub fn pixel_shuffle(&self, x: &Tensor, factor: usize) -> Tensor {
        let shape = x.shape();
        assert!(shape.channels.is_multiple_of(factor * factor), "{shape} by {factor}");
        let (height, width, channels) =
            (product([shape.height, factor]), product([shape.width, factor]), shape.channels / (factor * factor));
        let large = Shape { height, width, channels, ..shape };
        let mut output = self.lend(large);
        shuffle(large, factor, |pixel, block| output.values_mut()[pixel] = x.values()[block]);
        output
    }

    /// Pictures one after another.
    ///
    /// # Panics
    /// When there is none, or their shapes differ.
    #[must_use]
    pub fn stack(&self, parts: &[&Tensor]) -> Tensor {
        let shape = parts.first().expect("at least one part").shape();
        let batch = parts.iter().map(|part| part.shape().batch).sum();
        let mut output = self.lend(shape.with_batch(batch));
        let mut first = 0;
        for part in parts {
            assert_eq!(part.shape().with_batch(shape.batch), shape, "pictures stacked");
            output.values_mut()[first..first + part.shape().len()].copy_from_slice(part.values());
            first += part.shape().len();
        }
        output
    }

    /// One picture of a batch.
    #[must_use]
    pub fn picture(&self, x: &Tensor, index: usize) -> Tensor {
        let shape = x.shape().with_batch(1);
        let mut output = self.lend(shape);
        output.values_mut().copy_from_slice(&x.values()[index * shape.len()..][..shape.len()]);
        output
    }

    /// One token of each sequence: `batch × 1 × 1 × channels`.
    #[must_use]
    pub fn token(&self, x: &Tensor, index: usize) -> Tensor {
        let shape = x.shape();
        let mut output = self.lend(Shape::new(shape.batch, 1, 1, shape.channels));
        for (picture, row) in output.values_mut().chunks_exact_mut(shape.channels).enumerate() {
            row.copy_from_slice(View::from(x).rows().row(picture * shape.pixels() + index));
        }
        output
    }

    /// Some channels as a tensor of their own.
    #[must_use]
    pub fn copy<'a>(&self, x: impl Into<View<'a>>) -> Tensor {
        let x = x.into();
        let mut output = self.lend(x.shape());
        let channels = x.shape().channels.max(1);
        for (index, row) in output.values_mut().chunks_exact_mut(channels).enumerate() {
            row.copy_from_slice(x.rows().row(index));
        }
        output
    }

    /// Channels side by side.
    #[must_use]
    pub fn concatenate<const N: usize>(&self, segments: [&Tensor; N]) -> Tensor {
        let (shape, rows) = concatenated(segments);
        let mut output = self.lend(shape);
        for (index, mut row) in output.values_mut().chunks_exact_mut(shape.channels).enumerate() {
            for segment in &rows {
                let (part, rest) = row.split_at_mut(segment.channels);
                part.copy_from_slice(segment.row(index));
                row = rest;
            }
        }
        output
    }

    /// Mean and standard deviation (of the population) of each picture of a batch.
    #[must_use]
    pub fn moments(&self, x: &Tensor) -> Vec<(f32, f32)> {
        let shape = x.shape().with_batch(1);
        let moments = |values: &[f32]| {
            let count = values.len() as f64;
            let mean = values.iter().map(|&x| f64::from(x)).sum::<f64>() / count;
            let variance = values.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum::<f64>() / count;
            (mean as f32, variance.sqrt() as f32)
        };
        x.values().chunks_exact(shape.len().max(1)).map(moments).collect()
    }
}

/// The picture twice as high and wide.
const fn doubled(shape: Shape) -> Shape {
    Shape { height: product([2, shape.height]), width: product([2, shape.width]), ..shape }
}

/// The shape of tensors whose channels count as one row, and the rows of each.
fn concatenated<const N: usize>(segments: [&Tensor; N]) -> (Shape, [Rows<'_>; N]) {
    let first = segments[0].shape();
    assert!(segments.iter().all(|x| x.shape().with_channels(0) == first.with_channels(0)), "segments {segments:?}");
    let channels = segments.iter().map(|x| x.shape().channels).sum();
    (first.with_channels(channels), segments.map(|x| View::from(x).rows()))
}

/// Calls `f` with each place of the large picture of `shape` and its place among the blocks.
fn shuffle(shape: Shape, factor: usize, mut f: impl FnMut(usize, usize)) {
    let Shape { batch, height, width, channels } = shape;
    let mut pixel = 0;
    for picture in 0..batch {
        for y in 0..height {
            for x in 0..width {
                let block = (picture * (height / factor) + y / factor) * (width / factor) + x / factor;
                for channel in 0..channels {
                    let place = (channel * factor + y % factor) * factor + x % factor;
                    f(pixel, block * channels * factor * factor + place);
                    pixel += 1;
                }
            }
        }
    }
}
