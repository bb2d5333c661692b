//! Every call of the API, asked by schemathesis (PyPI) with what its description allows and what it does not: no server
//! error, no status and no media type that is not described, no answer that breaks its schema.

use crate::place::Place;
use crate::python::python_with;
use crate::serving::Serving;
use std::process::Command;

const VERSION: &str = "4.32.5";
/// Requests made up for each call besides those that walk along the bounds of its schema.
const EXAMPLES: &str = "2";

#[test]
fn schemathesis_finds_no_server_error_and_no_answer_that_breaks_its_schema() {
    let name =
        "schemathesis::schemathesis_finds_no_server_error_and_no_answer_that_breaks_its_schema";
    let Some(python) = python_with("schemathesis", VERSION) else {
        let why = format!(
            "the PyPI package schemathesis {VERSION} cannot be installed here (needs python3-venv and PyPI)"
        );
        testkit::skip(name, &why);
        return;
    };
    let place = Place::sqlite();
    place.run(&["init", "--sample"]).done();
    let serving = Serving::start(&place);
    // Three people who between them may do most of what staff does; what one of them may not is refused as described.
    for login in ["demo.system", "demo.shift", "demo.analyst"] {
        let token = place
            .run(&["user", "token", login, "--name", "schemathesis"])
            .done();
        let token = token["token"].as_str().unwrap();
        let checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";
        let run = Command::new(&python)
            .current_dir(place.path(""))
            .args(["-m", "schemathesis.cli", "run"])
            .arg(format!("http://{}/api/v1/openapi.json", serving.addr))
            .args(["--header", &format!("Authorization: Bearer {token}")])
            .args([
                "--seed",
                "20261130",
                "--max-examples",
                EXAMPLES,
                "--no-shrink",
                "--no-color",
            ])
            .args(["--phases", "coverage,fuzzing", "--checks", checks])
            .args(["--continue-on-failure", "--warnings", "off"])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&run.stdout);
        assert!(
            run.status.success(),
            "{login}:\n{said}{}",
            String::from_utf8_lossy(&run.stderr)
        );
        assert!(said.contains("API Operations:"), "{said}");
    }
    place.check_record();
}
