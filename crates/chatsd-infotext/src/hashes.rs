//! Names of files beside the model with their hashes, as stable-diffusion-webui lists them: `name: hash, name: hash`.

/// The list; nothing where no file has a hash.
pub(crate) fn written<'a>(hashes: impl Iterator<Item = (&'a str, &'a str)>) -> Option<String> {
    let hashes: Vec<String> =
        hashes.filter(|(_, hash)| !hash.is_empty()).map(|(name, hash)| format!("{name}: {hash}")).collect();
    (!hashes.is_empty()).then(|| hashes.join(", "))
}

/// Names and hashes of a list.
pub(crate) fn read(list: &str) -> impl Iterator<Item = (&str, &str)> {
    list.split(',').filter_map(|pair| pair.rsplit_once(':')).map(|(name, hash)| (name.trim(), hash.trim()))
}
