//! The names nearest to one that is not known, for "did you mean".

/// Characters of a name that are compared; names in a hostile file may be long.
const COMPARED: usize = 256;
/// Likeness of a name that contains the whole of what was typed.
const CONTAINED: f64 = 0.9;

/// How like a name is to what was typed, from 0 to 1 (equal), whatever the case: one less the edits between them
/// (Levenshtein's distance) over the length of the longer. The last part of a name after a `/` may stand for the
/// whole, and a name that contains what was typed is at least 0.9.
#[must_use]
pub fn likeness(typed: &str, name: &str) -> f64 {
    let [typed, name] = [typed, name].map(|text| text.chars().take(COMPARED).collect::<String>().to_lowercase());
    let last = name.rsplit('/').next().unwrap_or_default();
    let edits = strsim::normalized_levenshtein(&typed, &name).max(strsim::normalized_levenshtein(&typed, last));
    if !typed.is_empty() && name.contains(&typed) { edits.max(CONTAINED) } else { edits }
}

/// The at most `count` things whose names are most like `typed`, best first; of equal ones the first given. A thing with
/// several names stands once, by its best.
pub fn nearest<T: PartialEq>(typed: &str, count: usize, named: impl Iterator<Item = (impl AsRef<str>, T)>) -> Vec<T> {
    let mut rated: Vec<(f64, T)> = named.map(|(name, thing)| (likeness(typed, name.as_ref()), thing)).collect();
    rated.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut best = Vec::with_capacity(count);
    for (_, thing) in rated {
        if best.len() == count {
            break;
        }
        if !best.contains(&thing) {
            best.push(thing);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of<'a>(typed: &str, names: &[&'a str]) -> Vec<&'a str> {
        nearest(typed, 2, names.iter().map(|name| (name, *name)))
    }

    #[test]
    fn the_best_comes_first() {
        assert_eq!(of("sampelr", &["seed", "schedule", "sampler"]), ["sampler", "seed"]);
        assert_eq!(of("Stiker", &["other", "mine/sticker"]), ["mine/sticker", "other"], "the last part, any case");
        assert_eq!(of("water", &["wader", "watercolor"]), ["watercolor", "wader"], "a part of a name");
        assert_eq!(of("", &["b", "a"]), ["b", "a"], "equal ones as they came");
        assert_eq!(of("x", &[]), [""; 0]);
    }

    #[test]
    fn a_thing_of_many_names_stands_once() {
        let named = [("cat", 1), ("cats", 1), ("dog", 2), ("dogs", 2)];
        assert_eq!(nearest("cat", 3, named.into_iter()), [1, 2]);
    }

    #[test]
    fn likeness_is_from_0_to_1() {
        assert_eq!(likeness("same", "Same"), 1.0);
        assert_eq!(likeness("abc", "xyz"), 0.0);
        assert_eq!(likeness("abcd", "abxy"), 0.5);
    }
}
