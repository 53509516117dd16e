//! The places where GPU samples come from, in their order.

use std::path::PathBuf;

use super::nvml::Nvml;
use super::reading::Reading;
use super::tool::Tool;
use super::{amd_sysfs, ioreg, nvidia_smi, rocm_smi};

/// Where the kernel lists graphics cards.
const DRM: &str = "/sys/class/drm";

/// One of them.
pub(in super::super) enum Source {
    /// NVIDIA's library, loaded when it is there.
    Nvml(Nvml),
    NvidiaSmi(Tool),
    RocmSmi(Tool),
    /// The daemon of LACT.
    #[cfg(unix)]
    Lact(super::lact::Sockets),
    /// What the amdgpu driver shows in this folder.
    AmdSysfs(PathBuf),
    /// The registry of Apple's kernel.
    Ioreg(Tool),
}

/// The sources of this operating system, the best one first.
pub(in super::super) fn sources() -> Vec<Source> {
    if cfg!(target_os = "macos") {
        return vec![Source::Ioreg(Tool::new("ioreg"))];
    }
    let mut sources = vec![
        Source::Nvml(Nvml::default()),
        Source::NvidiaSmi(Tool::new("nvidia-smi")),
    ];
    if cfg!(windows) {
        return sources;
    }
    sources.push(Source::RocmSmi(Tool::new("rocm-smi")));
    #[cfg(unix)]
    sources.push(Source::Lact(super::lact::Sockets::of_system()));
    sources.push(Source::AmdSysfs(PathBuf::from(DRM)));
    sources
}

impl Source {
    /// What people call it.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Nvml(_) => "NVML",
            Self::NvidiaSmi(_) => "nvidia-smi",
            Self::RocmSmi(_) => "rocm-smi",
            #[cfg(unix)]
            Self::Lact(_) => "LACT",
            Self::AmdSysfs(_) => "amdgpu",
            Self::Ioreg(_) => "ioreg",
        }
    }

    /// Every GPU that it knows, at least one; otherwise the reason why not.
    pub(super) async fn read(&mut self) -> Result<Vec<Reading>, String> {
        let readings = match self {
            Self::Nvml(nvml) => nvml.read().await?,
            Self::NvidiaSmi(tool) => nvidia_smi::parse(&tool.run(&nvidia_smi::ARGUMENTS).await?),
            Self::RocmSmi(tool) => rocm_smi::parse(&tool.run(&rocm_smi::ARGUMENTS).await?),
            #[cfg(unix)]
            Self::Lact(sockets) => sockets.read().await?,
            Self::AmdSysfs(folder) => {
                let folder = folder.clone();
                tokio::task::spawn_blocking(move || amd_sysfs::read(&folder))
                    .await
                    .map_err(|error| error.to_string())?
            }
            Self::Ioreg(tool) => ioreg::parse(&tool.run(&ioreg::ARGUMENTS).await?, ioreg::physical_memory()),
        };
        if readings.is_empty() {
            return Err("no GPU".to_owned());
        }
        Ok(readings)
    }
}
