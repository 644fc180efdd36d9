use super::*;
use crate::measures::OrderMeasures;

fn results() -> Results {
    let layer = |layer| LayerMeasures {
        layer,
        entropy: 0.9,
        entropy_spread: None,
        orders: [OrderMeasures::new(0.4, 0.1, 0.5, 0.2)].into_iter().collect(),
    };
    let measurement = Measurement {
        loss: 3.5,
        positions: 10,
        temperature: 0.02,
        layers: vec![layer(Some(0)), layer(Some(1))],
        mean: layer(None),
        convergence: [4, 16]
            .map(|documents| Estimate {
                documents,
                positions: documents * 10,
                input: vec![0.1 / documents as f64],
                output: vec![1.0 / 3.0],
            })
            .into(),
    };
    let checkpoint = |name: &str, outcome| CheckpointResult {
        run: "run".to_owned(),
        name: name.to_owned(),
        step: Some(7),
        tokens: None,
        path: PathBuf::from("/run").join(name),
        outcome,
    };
    Results {
        settings: ResultSettings {
            settings: Settings::default(),
            corpus: PathBuf::from("/text.jsonl"),
            documents: 3,
            skipped_documents: 1,
            device: "CPU".to_owned(),
            version: "0".to_owned(),
        },
        checkpoints: vec![
            checkpoint("step7", Outcome::Measured(Box::new(measurement))),
            checkpoint("bad", Outcome::Failed { error: "cut short, sadly".to_owned() }),
        ],
    }
}

#[test]
fn json_survives_a_round_trip_and_has_the_documented_form() {
    let bytes = results().to_json().unwrap();
    assert_eq!(serde_json::from_slice::<Results>(&bytes).unwrap(), results());
    let json: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    let first = &json["checkpoints"][0];
    assert_eq!(first["name"], "step7");
    assert_eq!(first["layers"][1]["layer"], 1);
    assert_eq!(first["mean"]["orders"]["token"]["optimality"], 0.25);
    assert!(first["mean"]["orders"].get("bigram").is_none() && first["mean"].get("layer").is_none());
    assert_eq!(json["checkpoints"][1]["error"], "cut short, sadly");
    assert_eq!(json["settings"]["temperature"], "root");
}

#[test]
fn csv_has_a_row_a_layer_and_one_a_failure() {
    let text = String::from_utf8(results().to_csv().unwrap()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 1 + 3 + 1);
    assert!(lines[0].starts_with(
        "run,name,step,tokens,path,loss,positions,temperature,layer,entropy,entropy_spread,order,input"
    ));
    assert!(lines[3].contains(",mean,0.9,,token,0.4,0.1,0.5,0.2,0.25,"));
    assert!(lines[4].ends_with("\"cut short, sadly\""));
}

#[test]
fn parquet_survives_a_round_trip() {
    let bytes = results().to_parquet().unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &bytes).unwrap();
    assert_eq!(Results::read(file.path()).unwrap(), results());
    // No prefix and no flipped byte of it brings the reader down.
    for end in (0..bytes.len()).step_by(7) {
        let _ = parquet::read(bytes[..end].to_vec());
        let mut flipped = bytes.clone();
        flipped[end] ^= 0x55;
        let _ = parquet::read(flipped);
    }
}
