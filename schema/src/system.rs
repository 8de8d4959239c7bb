//! Names of the machine's metrics, the peer's (`trackio.gpu` and `trackio.cpu`).

/// Bytes in the unit of every memory metric.
pub const BYTES_PER_GIB: f64 = 1_073_741_824.0;

/// How often the machine is sampled unless `init` says otherwise, in seconds.
pub const SAMPLE_INTERVAL_SECONDS: f64 = 10.0;

/// `gpu/<index>/<quantity>`.
#[must_use]
pub fn gpu_key(index: u32, quantity: &str) -> String {
    format!("gpu/{index}/{quantity}")
}

/// `cpu/<index>/utilization`, per cent.
#[must_use]
pub fn cpu_utilization_key(index: usize) -> String {
    format!("cpu/{index}/utilization")
}
