//! The ControlNets of one walk: loaded, shown their pictures, asked at each step.

use std::sync::Arc;

use chatsd_tensor::{Engine, Tensor};
use chatsd_types::{Control, FileKind, Image, Kernel, PaintError, Property, Request, Source};

use crate::{
    DiffusionError, Finder, PictureModel,
    error::unusable,
    network::{Context, ControlNet},
    preprocess::prepare,
    words::{Script, Words},
};

/// The ControlNets of one walk.
pub(crate) struct Controls {
    followers: Vec<Follower>,
    /// The noise levels of the walk, of which the last is no step.
    sigmas: Vec<f64>,
}

/// One ControlNet that follows its picture.
struct Follower {
    network: Arc<ControlNet>,
    /// What it sees of its picture, once for each thing that the picture network is asked.
    hint: Tensor,
    /// Of each of the script's words.
    contexts: Vec<Context>,
    weight: f32,
    /// Shares of the steps between which it works.
    start: f32,
    end: f32,
}

impl Controls {
    /// The ControlNets of `request`, which follow the pictures of `source`.
    ///
    /// # Errors
    /// When one is not there, cannot be loaded, or is for another model.
    pub(crate) fn of(
        model: &PictureModel,
        request: &Request,
        source: &Source,
        script: &Script,
        sigmas: &[f64],
    ) -> Result<Self, PaintError> {
        let engine = &model.engine;
        let follower = |(control, picture): (&Control, &Image)| {
            let network = model.control_nets.get(&control.name, || open(&model.finder, &control.name));
            let network = network.map_err(|why| unusable(FileKind::Control, &control.name, why))?;
            check(model, &network, &control.name)?;
            let picture = picture.resized(request.size, Kernel::Lanczos);
            let hint = network.hint(engine, &prepare(control.preprocessor, &picture, source.mask.as_ref()));
            let hint = engine.stack(&vec![&hint; script.words.first().map_or(1, |words| words.states.shape().batch)]);
            let contexts = script.words.iter().map(|words| network.context(engine, &words.states)).collect();
            let Control { weight, start, end, .. } = *control;
            Ok::<_, PaintError>(Follower { network, hint, contexts, weight, start, end })
        };
        let followers = request.controls.iter().zip(&source.controls).map(follower).collect::<Result<_, _>>()?;
        Ok(Self { followers, sigmas: sigmas.to_vec() })
    }

    /// What they add at the noise level `sigma`, which is time `t`, when the network is told `words`; each with its factor.
    pub(crate) fn at(&self, engine: &Engine, z: &Tensor, t: f32, sigma: f64, words: &Words) -> Vec<(f32, Vec<Tensor>)> {
        let steps = self.sigmas.len() - 1;
        // Samplers ask between two noise levels, too: that belongs to the step that ends there.
        let step = self.sigmas[..steps].iter().filter(|&&level| level > sigma * 1.000_001).count();
        let (begins, ends) = (step as f32 / steps.max(1) as f32, (step + 1).min(steps) as f32 / steps.max(1) as f32);
        // As in diffusers: a step counts whole.
        let works = |follower: &&Follower| begins >= follower.start && ends <= follower.end && follower.weight != 0.0;
        let ask = |follower: &Follower| {
            let time = follower.network.time(engine, t, words.added.as_ref());
            let context = &follower.contexts[words.place];
            (follower.weight, follower.network.forward(engine, z, &follower.hint, &time, context))
        };
        self.followers.iter().filter(works).map(ask).collect()
    }
}

fn open(finder: &Finder, name: &str) -> Result<ControlNet, DiffusionError> {
    let files = finder.find(FileKind::Control, name)?;
    let component = files.component("controlnet")?;
    Ok(ControlNet::load(&component.weights, &component.config)?)
}

/// Whether a ControlNet is for this model.
fn check(model: &PictureModel, network: &ControlNet, name: &str) -> Result<(), PaintError> {
    let (layers, expected) = (network.layers(), model.unet.layers());
    let properties = [
        (Property::ContextChannels, network.context_channels(), model.unet.context_channels()),
        (Property::LatentChannels, network.in_channels(), model.autoencoder.latent_channels()),
        (Property::LatentFactor, network.hint_factor(), model.autoencoder.factor()),
        (Property::PooledVectors, usize::from(network.takes_pooled()), usize::from(model.unet.takes_pooled())),
        (Property::Layers, layers.len(), expected.len()),
    ];
    let channels = layers.iter().zip(expected).map(|(found, expected)| (Property::LayerChannels, *found, *expected));
    for (property, found, expected) in properties.into_iter().chain(channels) {
        if found != expected {
            return Err(model.wrong_family(FileKind::Control, name, property, [found, expected]));
        }
    }
    Ok(())
}
