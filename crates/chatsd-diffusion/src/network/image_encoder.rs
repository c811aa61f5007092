//! CLIP's image encoder (Radford et al. 2021), as `CLIPVisionModelWithProjection` of transformers. What it is, its
//! tensors tell.

use chatsd_tensor::{Activation, AttentionMask, Convolution, Engine, Epilogue, Linear, Norm, Shape, Tensor};
use chatsd_weights::{ModelFiles, Scope};

use super::{
    NetworkError, NetworkFlaw,
    clip_layer::{ClipLayer, ClipLayerSpec},
    config::Checked,
};

const CHECKED: Checked = Checked("image encoder");
/// Heads of every published one: ViT-L, ViT-H and ViT-bigG.
const HEADS: usize = 16;
/// Width of OpenAI's ViT-L, which alone has the quick approximation of GELU.
const QUICK: usize = 1024;
/// `layer_norm_eps` of all of them.
const EPSILON: f32 = 1e-5;

/// Turns a picture into a vector that says what it shows.
#[derive(Clone)]
pub struct ImageEncoder {
    class: Vec<f32>,
    places: Vec<f32>,
    patches: Convolution,
    before: Norm,
    layers: Vec<ClipLayer>,
    after: Norm,
    projection: Linear,
    side: usize,
}

impl ImageEncoder {
    /// Opens the file of an image encoder.
    ///
    /// # Errors
    /// When it is none, or its tensors do not fit each other.
    pub fn open(files: &ModelFiles) -> Result<Self, NetworkError> {
        Self::load(&Scope::new(std::slice::from_ref(CHECKED.file(files)?)))
    }

    /// From its tensors.
    ///
    /// # Errors
    /// When one is missing or does not fit the others.
    pub fn load(weights: &Scope<'_>) -> Result<Self, NetworkError> {
        let body = weights.at("vision_model");
        let shape = |name: &str| Ok::<_, NetworkError>(body.weight(name)?.shape);
        let (width, patch) = match shape("embeddings.patch_embedding.weight")?[..] {
            [width, 3, patch, _] => (CHECKED.count("channels", width)?, CHECKED.count("pixels of a patch", patch)?),
            ref other => {
                let name = "embeddings.patch_embedding.weight".to_owned();
                let (found, expected) = (other.to_vec(), vec![None, Some(3), None, None]);
                return CHECKED.inconsistent(NetworkFlaw::TensorShape { name, found, expected });
            }
        };
        CHECKED.divides("heads", HEADS, width)?;
        let places = shape("embeddings.position_embedding.weight")?.first().copied().unwrap_or(0);
        let across = places.saturating_sub(1).isqrt();
        if across == 0 || across * across + 1 != places {
            return CHECKED.inconsistent(NetworkFlaw::Places { found: places });
        }
        let wide = shape("encoder.layers.0.mlp.fc1.weight")?.first().copied().unwrap_or(0);
        let activation = if width == QUICK { Activation::QuickGelu } else { Activation::Gelu };
        let kind = ClipLayerSpec {
            width,
            wide: CHECKED.count("intermediate_size", wide)?,
            heads: HEADS,
            epsilon: EPSILON,
            activation,
            mask: AttentionMask::None,
        };
        let count = (0..).take_while(|index| body.has(&format!("encoder.layers.{index}"))).count();
        let layers = (0..count).map(|index| ClipLayer::load(&body.at(format!("encoder.layers.{index}")), kind));
        let outputs = weights.weight("visual_projection.weight")?.shape.first().copied().unwrap_or(0);
        Ok(Self {
            class: body.values("embeddings.class_embedding", &[width])?,
            places: body.values("embeddings.position_embedding.weight", &[places, width])?,
            patches: body.convolution("embeddings.patch_embedding", [3, width, patch])?.strided(patch, 0, 0),
            before: body.norm("pre_layrnorm", width, EPSILON)?,
            layers: layers.collect::<Result<_, _>>()?,
            after: body.norm("post_layernorm", width, EPSILON)?,
            projection: weights.linear("visual_projection", width, CHECKED.count("projection_dim", outputs)?)?,
            side: patch * across,
        })
    }

    /// Side of the square picture that it sees, in pixels.
    #[must_use]
    pub fn side(&self) -> usize {
        self.side
    }

    /// Values of the vector that it makes.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.projection.outputs()
    }

    /// The vector of a picture of `1 × side × side × 3`, each colour with mean 0 and deviation 1 over all pictures:
    /// `1 × 1 × 1 × channels`.
    #[must_use]
    pub fn forward(&self, engine: &Engine, image: &Tensor) -> Tensor {
        let patches = engine.convolution([image], &self.patches, Epilogue::default());
        let mut x = engine.filled(Shape::sequence(1, patches.shape().pixels() + 1, self.class.len()), 0.0);
        for (value, part) in x.values_mut().iter_mut().zip(self.class.iter().chain(patches.values())) {
            *value = *part;
        }
        x.values_mut().iter_mut().zip(&self.places).for_each(|(value, place)| *value += place);
        let x = engine.layer_norm(&x, &self.before);
        let x = self.layers.iter().fold(x, |x, layer| layer.forward(engine, &x));
        let class = engine.layer_norm(&engine.token(&x, 0), &self.after);
        engine.linear(&class, &self.projection, Epilogue::default())
    }
}
