//! NVML, the library behind `nvidia-smi`, loaded at run time when it is installed.

use std::time::Duration;

use nvml_wrapper::Device;
use nvml_wrapper::enum_wrappers::device::TemperatureSensor;
use nvml_wrapper::enums::device::SampleValue;
use nvml_wrapper::error::NvmlError;
use nvml_wrapper::structs::device::FieldId;
use nvml_wrapper::sys_exports::field_id::NVML_FI_DEV_MEMORY_TEMP;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::reading::Reading;

/// How long one look may take. The library waits for its driver, and a driver in trouble answers nobody.
const LOOK_LIMIT: Duration = Duration::from_secs(5);

/// Loaded. It holds the address of every function, which is 12 KB.
type Library = Box<nvml_wrapper::Nvml>;

/// The library. It is loaded at the first look and again after a failure.
#[derive(Debug, Default)]
pub(in super::super) struct Nvml {
    library: Option<Library>,
    /// A look that has not ended in time. No other one begins before it has ended, so at most one thread hangs.
    pending: Option<Look>,
}

type Look = JoinHandle<(Option<Library>, Result<Vec<Reading>, String>)>;

impl Nvml {
    /// All GPUs.
    pub(super) async fn read(&mut self) -> Result<Vec<Reading>, String> {
        let library = self.library.take();
        let mut look = match self.pending.take() {
            Some(pending) => pending,
            None => tokio::task::spawn_blocking(move || look(library)),
        };
        match timeout(LOOK_LIMIT, &mut look).await {
            Ok(Ok((library, readings))) => {
                self.library = library;
                readings
            }
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => {
                self.pending = Some(look);
                Err(format!("no answer within {} s", LOOK_LIMIT.as_secs()))
            }
        }
    }
}

/// Blocks. The library is given back unless it has failed.
fn look(library: Option<Library>) -> (Option<Library>, Result<Vec<Reading>, String>) {
    let library = match library.map_or_else(|| nvml_wrapper::Nvml::init().map(Box::new), Ok) {
        Ok(library) => library,
        Err(NvmlError::LibloadingError(_)) => return (None, Err("not installed".to_owned())),
        Err(error) => return (None, Err(error.to_string())),
    };
    match look_at_all(&library) {
        Ok(readings) => (Some(library), Ok(readings)),
        Err(error) => (None, Err(error.to_string())),
    }
}

fn look_at_all(library: &nvml_wrapper::Nvml) -> Result<Vec<Reading>, NvmlError> {
    (0..library.device_count()?)
        .map(|index| {
            library
                .device_by_index(index)
                .map(|device| reading(index, &device))
        })
        .collect()
}

/// A GPU without a fan, or without a power meter, is still a GPU.
fn reading(index: u32, device: &Device<'_>) -> Reading {
    let memory = device.memory_info().ok();
    Reading {
        id: index,
        name: device.name().unwrap_or_default(),
        uuid: device.uuid().unwrap_or_default(),
        temperature: device.temperature(TemperatureSensor::Gpu).map_or(0.0, f64::from),
        memory_temperature: memory_temperature(device),
        utilisation: device
            .utilization_rates()
            .map_or(0.0, |rates| f64::from(rates.gpu)),
        memory_used: memory.as_ref().map_or(0, |memory| memory.used),
        memory_total: memory.as_ref().map_or(0, |memory| memory.total),
        fan: device.fan_speed(0).map_or(0.0, f64::from),
        power: device
            .power_usage()
            .map_or(0.0, |milliwatts| f64::from(milliwatts) / 1000.0),
    }
}

fn memory_temperature(device: &Device<'_>) -> f64 {
    let field = [FieldId(NVML_FI_DEV_MEMORY_TEMP)];
    let values = device.field_values_for(&field).unwrap_or_default();
    let value = values
        .into_iter()
        .next()
        .and_then(Result::ok)
        .and_then(|sample| sample.value.ok());
    match value {
        Some(SampleValue::U32(degrees)) => f64::from(degrees),
        // The field is a 32-bit number; whatever else comes is not understood.
        Some(SampleValue::F64(_) | SampleValue::U64(_) | SampleValue::I64(_)) | None => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Most machines that build this have no NVIDIA driver: NVML must then say so, again and again, and do no more.
    #[tokio::test]
    async fn a_missing_library_is_a_reason_and_nothing_else() {
        let mut nvml = Nvml::default();
        for _ in 0..2 {
            match nvml.read().await {
                Ok(readings) => assert!(readings.iter().all(|reading| !reading.name.is_empty())),
                Err(reason) => assert!(!reason.is_empty()),
            }
        }
    }
}
