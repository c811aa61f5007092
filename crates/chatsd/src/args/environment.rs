//! What the environment says of networks, services and tokens, by the names that other programs gave its variables.

use std::{env, fs, path::PathBuf};

use chatsd_hub::{NetworkOptions, Services, Token};

use crate::args::config;

/// The first of these variables that says something.
fn variable(names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| env::var(name).ok().filter(|value| !value.trim().is_empty()))
}

/// How networks are used: proxies and certificates.
pub fn network() -> NetworkOptions {
    NetworkOptions {
        user_agent: concat!("chatsd/", env!("CARGO_PKG_VERSION")).into(),
        http_proxy: variable(&["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"]),
        https_proxy: variable(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]),
        no_proxy: variable(&["no_proxy", "NO_PROXY"]),
        certificates: variable(&["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"]).map(PathBuf::from),
        ..NetworkOptions::default()
    }
}

/// Where models come from, and who asks.
pub fn services() -> Services {
    let usual = Services::default();
    // ModelScope's library takes a host, with or without https:// before it.
    let with_scheme = |host: String| if host.contains("://") { host } else { format!("https://{host}") };
    Services {
        hugging_face: variable(&["HF_ENDPOINT"]).unwrap_or(usual.hugging_face),
        hugging_face_token: hugging_face_token(),
        hugging_face_cache: config::hugging_face_cache(),
        offline: variable(&["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"]).is_some_and(|value| is_true(&value)),
        model_scope: variable(&["MODELSCOPE_DOMAIN"]).map_or(usual.model_scope, with_scheme),
        model_scope_token: variable(&["MODELSCOPE_API_TOKEN"]).and_then(|text| Token::new(&text)),
        civitai: variable(&["CIVITAI_ENDPOINT"]).unwrap_or(usual.civitai),
        civitai_token: variable(&["CIVITAI_TOKEN", "CIVITAI_API_TOKEN", "CIVITAI_API_KEY"])
            .and_then(|text| Token::new(&text)),
        pypi: variable(&["UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"]).unwrap_or(usual.pypi),
    }
}

/// Hugging Face's token: a variable, else the file that its login writes (huggingface_hub `utils/_auth.py`).
fn hugging_face_token() -> Option<Token> {
    let of_file = || {
        let path = variable(&["HF_TOKEN_PATH"]).map(PathBuf::from);
        let path = path.or_else(|| Some(config::hugging_face_home()?.join("token")))?;
        fs::read_to_string(path).ok()
    };
    variable(&["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"]).or_else(of_file).and_then(|text| Token::new(&text))
}

/// What Hugging Face's libraries take for yes.
fn is_true(value: &str) -> bool {
    ["1", "ON", "YES", "TRUE"].contains(&value.trim().to_uppercase().as_str())
}
