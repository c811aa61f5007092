use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{sample::unusual_value, *};

/// A request in which every parameter means something.
fn full() -> Request {
    let mut request = Request { init: Some(String::new()), mask: Some(String::new()), ..Request::default() };
    request.masking.only_masked = true;
    second_pass(&mut request);
    request
}

#[test]
fn every_parameter_reads_back_and_has_its_own_key_label_and_words() {
    let mut seen = BTreeSet::new();
    for parameter in PARAMETERS {
        let mut request = full();
        let value = unusual_value(parameter.values);
        parameter.put(&mut request, &value).unwrap();
        assert_eq!((parameter.get)(&request), Some(value), "{}", parameter.key);
        parameter.check(&request).unwrap();
        assert!(seen.insert(parameter.key), "{} twice", parameter.key);
        assert!(parameter.label.is_empty() || seen.insert(parameter.label), "{} twice", parameter.label);
        for words in [parameter.name, parameter.help, parameter.otherwise] {
            assert!(!words.en.is_empty() && !words.zh.is_empty(), "{}", parameter.key);
            assert!(words.en.is_ascii(), "{}: {}", parameter.key, words.en);
        }
    }
}

#[test]
fn a_value_out_of_range_is_refused_wherever_it_comes_from() {
    for parameter in PARAMETERS {
        let (below, above) = match parameter.values {
            ParameterValues::Whole { low, high } => (low.checked_sub(1).map(|n| n.to_string()), high.checked_add(1)),
            ParameterValues::Number { .. } => (Some("-0.5".to_owned()), None),
            _ => continue,
        };
        let above = above.map(|number| number.to_string());
        for text in below.into_iter().chain(above).chain(["".into(), "nan".into(), "1e30".into(), "x".into()]) {
            let mut request = full();
            let error = parameter.put(&mut request, &text).unwrap_err();
            assert_eq!(request, full(), "{}", parameter.key);
            assert!(error.to_string().contains(&text), "{error}");
        }
    }
    let request = Request { guidance: f32::NAN, ..Request::default() };
    let error = parameter("guidance").unwrap().check(&request).unwrap_err().to_string();
    assert_eq!(error, "the guidance cannot be \"NaN\": expected a number from 0 to 100");
}

#[test]
fn what_is_usual_is_not_told() {
    for key in ["hires_steps", "noise_seed_delta", "batch_index", "guidance_rescale", "decoder", "s_noise"] {
        assert_eq!((parameter(key).unwrap().get)(&full()), None, "{key}");
    }
    let padding = parameter("mask_padding").unwrap();
    assert!(padding.put(&mut full(), "16384").is_ok() && padding.put(&mut full(), "16385").is_err());
}

#[test]
fn an_unknown_key_names_those_there_are() {
    assert_eq!(parameter("hires-steps").unwrap().key, "hires_steps");
    let error = parameter("colour").unwrap_err().to_string();
    assert!(error.contains("\"colour\"") && error.contains("guidance_rescale"), "{error}");
}

proptest! {
    #[test]
    fn no_text_makes_a_parameter_panic(row in 0..PARAMETERS.len(), any in "(?s).{0,20}", near in "[0-9.x-]{0,12}") {
        for text in [any, near] {
            let mut request = full();
            if PARAMETERS[row].put(&mut request, &text).is_ok() {
                PARAMETERS[row].check(&request).unwrap();
            }
        }
    }
}
