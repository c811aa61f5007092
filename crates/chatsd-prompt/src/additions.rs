//! What may be added to the user's words: palette, composition and mood for general models, colours for the
//! built-in one.

use crate::{Aspect, Style, random::Random};

// The lengths of the three lists have no common divisor, so that stepping through all three at once meets every
// combination before one comes back.
const PALETTES: [&str; 13] = [
    "warm earth tones",
    "pastel palette",
    "teal and coral palette",
    "jewel tones",
    "muted sage and cream palette",
    "sunny yellow and sky blue palette",
    "deep indigo and silver palette",
    "crimson and gold palette",
    "lavender and mint palette",
    "autumn orange and rust palette",
    "mostly neutral with one bright red accent",
    "forest green and amber palette",
    "candy-bright colors",
];
const COMPOSITIONS: [&str; 11] = [
    "centered composition",
    "close-up view",
    "seen from slightly above",
    "low angle view",
    "three-quarter view",
    "generous empty space around",
    "filling the frame",
    "side view",
    "rule of thirds",
    "symmetrical composition",
    "framed by foreground shapes",
];
const MOODS: [&str; 10] = [
    "joyful mood",
    "serene mood",
    "dreamy atmosphere",
    "mysterious atmosphere",
    "cozy mood",
    "playful energy",
    "bright and airy mood",
    "nostalgic mood",
    "tender mood",
    "whimsical mood",
];

/// Colour words that the built-in model was trained on.
pub(crate) const COLOURS: [&str; 11] =
    ["red", "blue", "green", "yellow", "purple", "orange", "pink", "brown", "black", "white", "gray"];

/// Words of the user's that settle an aspect, besides [`COLOURS`].
const MORE_COLOURS: &str = "grey teal cyan magenta turquoise golden gold silver violet crimson scarlet indigo beige \
    colorful colourful monochrome pastel palette color colour rainbow";
const VIEWS: &str = "closeup close-up portrait selfie view angle centered headshot panorama panoramic macro \
    symmetrical aerial composition background full-body silhouette";
const FEELINGS: &str = "happy sad angry calm dark dreamy cheerful gloomy foggy mysterious cozy scary spooky romantic \
    serene peaceful joyful smile smiling smiles laughing crying melancholy lonely epic horror mood atmosphere nostalgic \
    funny playful majestic";

/// Picks additions for one prompt after another.
pub(crate) struct Additions {
    orders: [Vec<usize>; 3],
    settled: Vec<Aspect>,
}

impl Additions {
    /// `subject` is in English: what it speaks of is not spoken of again.
    pub(crate) fn new(subject: &str, random: &mut Random) -> Self {
        let small = subject.to_lowercase();
        let words: Vec<&str> = small.split(|c: char| !(c.is_alphanumeric() || c == '-')).collect();
        let names = |list: &str| list.split_whitespace().any(|word| words.contains(&word));
        let mut settled = Vec::new();
        if words.iter().any(|word| COLOURS.contains(word)) || names(MORE_COLOURS) {
            settled.push(Aspect::Palette);
        }
        if names(VIEWS) {
            settled.push(Aspect::Composition);
        }
        if names(FEELINGS) {
            settled.push(Aspect::Mood);
        }
        let mut order = |length: usize| {
            let mut order: Vec<usize> = (0..length).collect();
            random.shuffle(&mut order);
            order
        };
        Self { orders: [order(PALETTES.len()), order(COMPOSITIONS.len()), order(MOODS.len())], settled }
    }

    /// Additions for the style at `place` of a sheet when it is used for the `round`-th time, for a general model.
    pub(crate) fn general(&self, place: usize, round: usize, style: &Style) -> Vec<&'static str> {
        let [palettes, compositions, moods] = &self.orders;
        // One further in each list from style to style, and whenever the same style comes round again.
        let turn = place + round;
        let pick = |order: &[usize], texts: &'static [&'static str]| texts[order[turn % order.len()]];
        let all = [
            (Aspect::Palette, pick(palettes, &PALETTES)),
            (Aspect::Composition, pick(compositions, &COMPOSITIONS)),
            (Aspect::Mood, pick(moods, &MOODS)),
        ];
        let open: Vec<_> = all.into_iter().filter(|(aspect, _)| !self.settled.contains(aspect)).collect();
        let texts = |open: &[(Aspect, &'static str)], settled: &[Aspect]| -> Vec<&'static str> {
            open.iter().filter(|(aspect, _)| !settled.contains(aspect)).map(|(_, text)| *text).collect()
        };
        let free = texts(&open, &style.settles);
        // A style that settles everything must still differ from itself.
        if free.is_empty() && round > 0 { texts(&open, &[Aspect::Palette]) } else { free }
    }

    /// Additions for the built-in model when its styles are used for the `round`-th time: a colour from the second
    /// round on, unless the user named one or the style has its own.
    pub(crate) fn pocket(&self, round: usize, offset: usize, style: &Style) -> Vec<&'static str> {
        let own = self.settled.contains(&Aspect::Palette) || style.settles.contains(&Aspect::Palette);
        match round.checked_sub(1) {
            Some(turn) if !own => vec![COLOURS[(turn + offset) % COLOURS.len()]],
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::StyleLibrary;

    #[test]
    fn a_thousand_turns_give_a_thousand_additions() {
        let additions = Additions::new("a cat", &mut Random::new(1));
        let style = StyleLibrary::builtin().find("watercolor").unwrap();
        let all: HashSet<Vec<&str>> = (0..1000).map(|turn| additions.general(0, turn, style)).collect();
        assert_eq!(all.len(), 1000);
    }

    #[test]
    fn what_the_user_spoke_of_is_left_alone() {
        let style = StyleLibrary::builtin().find("watercolor").unwrap();
        let additions = Additions::new("a happy blue cat, close-up", &mut Random::new(1));
        assert!(additions.general(3, 0, style).is_empty() && additions.pocket(2, 0, style).is_empty());
        let additions = Additions::new("a redwood", &mut Random::new(1));
        assert_eq!(additions.general(3, 0, style).len(), 3);
    }
}
