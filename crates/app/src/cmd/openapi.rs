//! `shiyu openapi [--out FILE]`: the description of the API.

use crate::compose::capabilities;
use crate::output::{Done, Failure, write_file};
use clap::Args;
use std::path::PathBuf;

/// Print the OpenAPI 3.1 description of the API. Needs no database.
#[derive(Args)]
pub struct OpenApi {
    /// Write it to this file.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl OpenApi {
    /// Runs it. With `--json` it needs `--out`, because stdout holds the answer.
    pub fn run(self, json: bool) -> Result<Done, Failure> {
        let document = access::openapi(&capabilities());
        let text = serde_json::to_string_pretty(&document)
            .map_err(|e| Failure::other("json", e.to_string()))?;
        let Some(path) = self.out else {
            if json {
                return Err(Failure::unusable(
                    "missing_option",
                    "with --json a document goes to a file: give --out FILE",
                )
                .field("out"));
            }
            return Ok(Done {
                json: document,
                text,
            });
        };
        write_file(&path, (text + "\n").as_bytes())?;
        let rows = document["paths"]
            .as_object()
            .map_or(0, serde_json::Map::len);
        Done::new(
            &serde_json::json!({ "file": path, "rows": rows }),
            format!("{} calls in {}", rows, path.display()),
        )
    }
}
