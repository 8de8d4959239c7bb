//! Samples the machine: processors, memory, disks, network, NVIDIA graphics processors.
//!
//! Keys and units are the peer's (`trackio.cpu`, `trackio.gpu`); see `docs/COMPATIBILITY.md` for those it
//! has and we do not.

use std::time::Instant;

use nvml_wrapper::Nvml;
use nvml_wrapper::enum_wrappers::device::{Clock, PcieUtilCounter, TemperatureSensor};
use paceline_schema::data_request::MachinePart;
use paceline_schema::system::{BYTES_PER_GIB, cpu_utilization_key, gpu_key};
use paceline_schema::{Metrics, Value};
use sysinfo::{Disks, Networks, System};

const BYTES_PER_MEGABYTE: f64 = 1_000_000.0;

/// Reads a part of the machine once; nothing where it cannot be read. `watch` passes while the processors are watched.
#[must_use]
pub fn sample_machine(part: MachinePart, watch: impl FnOnce()) -> Metrics {
    let Some(mut sampler) = Sampler::new() else { return Metrics::new() };
    match part {
        MachinePart::Graphics => sampler.graphics(),
        MachinePart::Processors => {
            watch();
            sampler.processors()
        }
    }
}

/// What is read of the machine, with the counters of the previous reading.
pub(crate) struct Sampler {
    system: System,
    disks: Option<Disks>,
    networks: Option<Networks>,
    graphics: Option<Nvml>,
    read_at: Option<Instant>,
}

impl Sampler {
    /// `None` on a system that cannot be read at all.
    pub(crate) fn new() -> Option<Self> {
        let mut system = System::new().ok()?;
        system.refresh_cpu_all();
        Some(Self {
            system,
            disks: Disks::new_with_refreshed_list().ok(),
            networks: Networks::new_with_refreshed_list().ok(),
            // Absent drivers are the ordinary case, not an error.
            graphics: Nvml::init().ok(),
            read_at: None,
        })
    }

    /// Processors, memory, disks and network; rates from the second reading on.
    pub(crate) fn processors(&mut self) -> Metrics {
        self.system.refresh_cpu_all();
        self.system.refresh_memory();
        let elapsed = self.read_at.replace(Instant::now()).map(|before| before.elapsed().as_secs_f64());
        let mut metrics = Metrics::new();
        let mut put = |key: &str, value: f64| metrics.push((key.to_owned(), Value::Float(value)));
        let cpus = self.system.cpus();
        put("cpu/utilization", f64::from(self.system.global_cpu_usage()));
        for (index, cpu) in cpus.iter().enumerate() {
            put(&cpu_utilization_key(index), f64::from(cpu.usage()));
        }
        if let Some(cpu) = cpus.first().filter(|cpu| cpu.frequency() > 0) {
            put("cpu/frequency", cpu.frequency() as f64);
        }
        put("cpu/count_logical", cpus.len() as f64);
        if let Ok(cores) = System::physical_core_count() {
            put("cpu/count_physical", cores as f64);
        }
        let gib = |bytes: u64| bytes as f64 / BYTES_PER_GIB;
        let percent =
            |part: u64, whole: u64| if whole == 0 { 0.0 } else { 100.0 * part as f64 / whole as f64 };
        let (used, total) = (self.system.used_memory(), self.system.total_memory());
        put("memory/used", gib(used));
        put("memory/total", gib(total));
        put("memory/available", gib(self.system.available_memory()));
        put("memory/percent", percent(used, total));
        let (used, total) = (self.system.used_swap(), self.system.total_swap());
        put("swap/used", gib(used));
        put("swap/total", gib(total));
        put("swap/percent", percent(used, total));
        let (mut read, mut written) = (0, 0);
        if let Some(disks) = &mut self.disks {
            disks.refresh(true);
            for disk in disks.iter() {
                read += disk.usage().read_bytes;
                written += disk.usage().written_bytes;
            }
        }
        let (mut sent, mut received, mut sent_in_all, mut received_in_all) = (0, 0, 0, 0);
        if let Some(networks) = &mut self.networks {
            networks.refresh(true);
            for network in networks.values() {
                sent += network.transmitted();
                received += network.received();
                sent_in_all += network.total_transmitted();
                received_in_all += network.total_received();
            }
        }
        put("network/sent_bytes", sent_in_all as f64);
        put("network/recv_bytes", received_in_all as f64);
        if let Some(seconds) = elapsed.filter(|seconds| *seconds > 0.0) {
            let rate = |bytes: u64| bytes as f64 / BYTES_PER_MEGABYTE / seconds;
            put("disk/read_mb_per_sec", rate(read));
            put("disk/write_mb_per_sec", rate(written));
            put("network/sent_mb_per_sec", rate(sent));
            put("network/recv_mb_per_sec", rate(received));
        }
        metrics
    }

    /// Every graphics processor and their sums; nothing where there is none.
    pub(crate) fn graphics(&self) -> Metrics {
        let mut metrics = Metrics::new();
        let Some(nvml) = &self.graphics else { return metrics };
        let count = nvml.device_count().unwrap_or(0);
        let (mut utilization, mut memory, mut power, mut hottest) = (Vec::new(), 0.0, 0.0, f64::NEG_INFINITY);
        for index in 0..count {
            let Ok(device) = nvml.device_by_index(index) else { continue };
            let mut put = |quantity: &str, value: Option<f64>| {
                if let Some(value) = value {
                    metrics.push((gpu_key(index, quantity), Value::Float(value)));
                }
            };
            // A quantity a device does not offer is left out.
            if let Ok(rates) = device.utilization_rates() {
                put("utilization", Some(f64::from(rates.gpu)));
                put("memory_utilization", Some(f64::from(rates.memory)));
                utilization.push(f64::from(rates.gpu));
            }
            if let Ok(info) = device.memory_info() {
                let (used, total) = (info.used as f64 / BYTES_PER_GIB, info.total as f64 / BYTES_PER_GIB);
                put("allocated_memory", Some(used));
                put("total_memory", Some(total));
                put("memory_usage", (total > 0.0).then(|| used / total));
                memory += used;
            }
            let milliwatts = |value: Result<u32, _>| value.ok().map(|value: u32| f64::from(value) / 1_000.0);
            let watts = milliwatts(device.power_usage());
            let limit = milliwatts(device.enforced_power_limit());
            put("power", watts);
            put("power_limit", limit);
            put(
                "power_percent",
                watts.zip(limit).filter(|(_, limit)| *limit > 0.0).map(|(w, l)| 100.0 * w / l),
            );
            power += watts.unwrap_or(0.0);
            let temperature = device.temperature(TemperatureSensor::Gpu).ok().map(f64::from);
            put("temp", temperature);
            hottest = hottest.max(temperature.unwrap_or(hottest));
            put("sm_clock", device.clock_info(Clock::SM).ok().map(f64::from));
            put("memory_clock", device.clock_info(Clock::Memory).ok().map(f64::from));
            put("fan_speed", device.fan_speed(0).ok().map(f64::from));
            put("performance_state", device.performance_state().ok().map(|state| f64::from(state.as_c())));
            put(
                "energy_consumed",
                device.total_energy_consumption().ok().map(|energy| energy as f64 / 1_000.0),
            );
            // Kilobytes to megabytes per second.
            let throughput =
                |counter| device.pcie_throughput(counter).ok().map(|rate| f64::from(rate) / 1_024.0);
            put("pcie_tx", throughput(PcieUtilCounter::Send));
            put("pcie_rx", throughput(PcieUtilCounter::Receive));
        }
        let mut put = |key: &str, value: f64| metrics.push((key.to_owned(), Value::Float(value)));
        if !utilization.is_empty() {
            put("gpu/mean_utilization", utilization.iter().sum::<f64>() / utilization.len() as f64);
            put("gpu/total_allocated_memory", memory);
            put("gpu/total_power", power);
            if hottest.is_finite() {
                put("gpu/max_temp", hottest);
            }
        }
        metrics
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_is_read_in_the_units_promised() {
        let mut sampler = Sampler::new().expect("this system can be read");
        sampler.processors();
        let metrics = sampler.processors();
        let value = |key: &str| {
            metrics.iter().find(|(name, _)| name == key).and_then(|(_, value)| value.number()).expect(key)
        };
        assert!((0.0..=100.0).contains(&value("cpu/utilization")));
        assert!((0.0..=100.0).contains(&value("cpu/0/utilization")));
        assert!(value("memory/total") > 0.1 && value("memory/used") < value("memory/total"));
        assert!(value("network/sent_mb_per_sec") >= 0.0);
    }
}
