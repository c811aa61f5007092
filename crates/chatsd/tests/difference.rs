//! Nine pictures of one sentence differ more than nine seeds of one prompt.
//!
//! The distance of two pictures is the sum of two L1 distances of histograms, each summing to 1: colours in 4×4×4
//! boxes, and orientations of edges in 8 sectors of half a turn, each pixel weighted by the strength of its edge
//! (central differences of the luminance).

#![allow(clippy::print_stdout, reason = "the figure is wanted, also where it is high enough")]

mod common;

use std::f32::consts::PI;

use chatsd_gallery::read_image;
use chatsd_types::Image;
use common::Home;

fn colours(image: &Image) -> Vec<f32> {
    let mut histogram = vec![0.0; 64];
    for pixel in image.rgb.chunks_exact(3) {
        let [red, green, blue] = [0, 1, 2].map(|channel| usize::from(pixel[channel] / 64));
        histogram[16 * red + 4 * green + blue] += 1.0;
    }
    summing_to_one(histogram)
}

fn orientations(image: &Image) -> Vec<f32> {
    let luminance = |x: u32, y: u32| {
        let [red, green, blue] = image.pixel(x, y).map(f32::from);
        0.299 * red + 0.587 * green + 0.114 * blue
    };
    let mut histogram = vec![0.0; 8];
    for y in 1..image.size.height - 1 {
        for x in 1..image.size.width - 1 {
            let across = luminance(x + 1, y) - luminance(x - 1, y);
            let down = luminance(x, y + 1) - luminance(x, y - 1);
            let turn = down.atan2(across).rem_euclid(PI) / PI;
            histogram[((turn * 8.0) as usize).min(7)] += across.hypot(down);
        }
    }
    summing_to_one(histogram)
}

fn summing_to_one(mut histogram: Vec<f32>) -> Vec<f32> {
    let sum: f32 = histogram.iter().sum();
    histogram.iter_mut().for_each(|value| *value /= sum.max(f32::MIN_POSITIVE));
    histogram
}

fn mean_distance(images: &[Image]) -> f32 {
    let apart = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum::<f32>();
    let described: Vec<_> = images.iter().map(|image| (colours(image), orientations(image))).collect();
    let mut distances = Vec::new();
    for (index, (colour, edges)) in described.iter().enumerate() {
        for (other_colour, other_edges) in &described[..index] {
            distances.push(apart(colour, other_colour) + apart(edges, other_edges));
        }
    }
    distances.iter().sum::<f32>() / distances.len() as f32
}

#[test]
fn nine_styles_differ_more_than_nine_seeds() {
    let home = Home::new();
    let paint = |flags: &[&str]| {
        let run = home.run(&[&["logo of cat, cute, happy, smile"], flags].concat()).ok();
        let mut paths = run.paths(&home);
        paths.pop();
        paths.iter().map(|path| read_image(path).unwrap()).collect::<Vec<_>>()
    };
    let sheet = mean_distance(&paint(&["-n", "9", "--seed", "1"]));
    let styles = ["soft-cartoon", "3d", "flat"].map(|style| {
        let one = |seed: u32| paint(&["-n", "1", "--styles", style, "--seed", &seed.to_string()]);
        mean_distance(&(1..=9).flat_map(one).collect::<Vec<_>>())
    });
    let seeds = styles.iter().sum::<f32>() / styles.len() as f32;
    println!("sheet {sheet:.3}, nine seeds of one style {styles:.3?}: {:.2} times", sheet / seeds);
    assert!(sheet >= 3.9 * seeds, "sheet {sheet:.3}, nine seeds of one style {styles:.3?}: {:.2} times", sheet / seeds);
}

#[test]
fn the_distance_is_what_it_says() {
    use chatsd_types::Size;
    let image = |colour| Image::filled(Size { width: 8, height: 8 }, colour);
    assert_eq!(mean_distance(&[image([0; 3]), image([10; 3])]), 0.0, "one box, no edges");
    assert_eq!(mean_distance(&[image([0; 3]), image([255; 3])]), 2.0, "wholly different boxes");
}
