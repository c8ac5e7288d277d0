//! An extension on AWS's own library: notes every invocation and every telemetry event in a file of /tmp.
use lambda_extension::{service_fn, Error, Extension, LambdaEvent, LambdaTelemetry, NextEvent, SharedService};
use std::{fs::OpenOptions, io::Write};

fn note(text: String) {
    let mut file = OpenOptions::new().create(true).append(true).open("/tmp/agent.jsonl").expect("a file in /tmp");
    writeln!(file, "{text}").expect("room in /tmp");
}

async fn telemetry(events: Vec<LambdaTelemetry>) -> Result<(), Error> {
    for event in events {
        note(serde_json::json!(["telemetry", format!("{:?}", event.record)]).to_string());
    }
    Ok(())
}

async fn handle(event: LambdaEvent) -> Result<(), Error> {
    match event.next {
        NextEvent::Invoke(invoke) => note(serde_json::json!(["invoke", invoke.request_id]).to_string()),
        NextEvent::Shutdown(shutdown) => println!("rust agent ends: {}", shutdown.shutdown_reason),
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    Extension::new()
        .with_events_processor(service_fn(handle))
        .with_telemetry_processor(SharedService::new(service_fn(telemetry)))
        .run()
        .await
}
