//! Drafts of a sheet: when they are painted, and what of a request they change.

use std::sync::Arc;

use chatsd_studio::{Draft, PaintJob, Plan};
use chatsd_types::{Decoder, FakeImageModel, Image, ModelCard, Sampler, Schedule};

use crate::common::{FakeModels, Place, job, size};

/// A model of betas that needs so many steps, with a tiny autoencoder beside it.
fn model(steps: u32) -> FakeImageModel {
    let fake = FakeImageModel::default();
    let size = size(64, 64);
    let (sampler, schedule) = (Sampler::Heun, Schedule::Leading);
    let card = ModelCard { family: "sd1".into(), size, steps, sampler, schedule, ..fake.card };
    FakeImageModel { card, ..fake }
}

fn plan(model: FakeImageModel, job: &PaintJob) -> Plan {
    let models = FakeModels { model: Arc::new(model), ..FakeModels::default() };
    Place::with(models).studio.dry_run(job).unwrap().plan
}

#[test]
fn drafts_are_smaller_and_quicker_and_leave_what_was_chosen() {
    let drafts = |draft: Draft, parameters: &[(&str, &str)]| {
        let mut job = job(2, parameters);
        job.picture.draft = draft;
        plan(FakeImageModel::default(), &job)
    };
    assert_eq!(drafts(Draft::Auto, &[]).drafts, None, "the built-in family is fast as it is");
    let drafted = drafts(Draft::On, &[]);
    let sizes = drafted.drafts.unwrap();
    assert_eq!((sizes.size, sizes.full_size), (size(16, 16), size(16, 16)));
    assert_eq!((drafted.requests[0].steps, sizes.full_steps), (4, 4));
    assert_eq!(drafts(Draft::On, &[("steps", "30")]).requests[0].steps, 30);
    assert_eq!(drafts(Draft::On, &[("size", "64x32")]).requests[0].size, size(64, 32));
    assert_eq!(drafts(Draft::Off, &[]).drafts, None);
}

#[test]
fn the_ways_of_drafts_read_back() {
    for (draft, name, other) in [(Draft::Auto, "auto", "AUTO"), (Draft::On, "on", "true"), (Draft::Off, "off", "false")]
    {
        assert_eq!(draft.to_string(), name);
        assert_eq!([name.parse(), other.parse()], [Ok(draft), Ok(draft)]);
    }
    assert!("maybe".parse::<Draft>().unwrap_err().to_string().contains("\"maybe\""));
}

#[test]
fn a_slow_model_drafts_a_sheet_where_nobody_said_more() {
    let is_drafted = |model: FakeImageModel, job: &PaintJob| plan(model, job).drafts.is_some();
    assert!(is_drafted(model(9), &job(2, &[])));
    assert!(!is_drafted(model(8), &job(2, &[])), "it is fast as it is");
    assert!(!is_drafted(model(9), &job(1, &[])), "one picture is no sheet");
    for chosen in [("hires", "2"), ("steps", "9")] {
        assert!(!is_drafted(model(9), &job(2, &[chosen])), "{chosen:?}");
    }
    let starts = PaintJob { init: Some(Image::filled(size(64, 64), [0; 3])), ..job(2, &[]) };
    assert!(!is_drafted(model(9), &starts));
    let mut built_in = model(9);
    built_in.card.family = "pocket".into();
    assert!(!is_drafted(built_in, &job(2, &[])));
}

#[test]
fn a_draft_takes_the_quick_rule_and_the_tiny_autoencoder_where_nobody_chose_others() {
    let drafted = |model: FakeImageModel, parameters: &[(&str, &str)]| {
        let request = plan(model, &job(2, parameters)).requests.remove(0);
        (request.size, request.steps, request.sampler, request.schedule, request.decoder)
    };
    let (small, few) = (size(48, 48), 8);
    let (quick, karras) = (Sampler::DpmPlusPlus2M, Schedule::Karras);
    assert_eq!(drafted(model(30), &[]), (small, few, quick, karras, Decoder::Tiny));
    let lms = drafted(model(30), &[("sampler", "lms")]);
    assert_eq!(lms, (small, few, Sampler::Lms, Schedule::Leading, Decoder::Tiny));
    let simple = drafted(model(30), &[("schedule", "simple")]);
    assert_eq!(simple, (small, few, Sampler::Heun, Schedule::Simple, Decoder::Tiny));
    let mut flow = model(30);
    flow.card.schedule = Schedule::Flow;
    assert_eq!(drafted(flow, &[]), (small, few, Sampler::Heun, Schedule::Flow, Decoder::Tiny));
    assert_eq!(drafted(model(30), &[("decoder", "full")]), (small, few, quick, karras, Decoder::Full));
    let alone = FakeImageModel { has_tiny: false, ..model(30) };
    assert_eq!(drafted(alone, &[]), (small, few, quick, karras, Decoder::Automatic));
}

#[test]
fn a_size_that_was_asked_for_stays() {
    let sentence = PaintJob { sentence: "a cat, 64x32".into(), ..job(2, &[]) };
    for job in [sentence, job(2, &[("size", "64x32")])] {
        let plan = plan(model(30), &job);
        assert_eq!((plan.requests[0].size, plan.requests[0].steps), (size(64, 32), 8));
    }
}
