//! What Linux says of memory: of the machine, of control groups, of a Slurm job.
//!
//! The files are read below a folder that stands for the root, so that any system can be laid out for a test.

use std::fs;
use std::path::{Component, Path, PathBuf};

/// The least of what is free on the machine, in the control groups and in the Slurm job of this process, in bytes;
/// `None` where nothing of it is told. `variable` gives environment variables.
pub fn available(root: &Path, variable: impl Fn(&str) -> Option<String>) -> Option<usize> {
    [machine(root), groups(root), slurm(root, variable)].into_iter().flatten().min()
}

/// What can be used on the machine without swapping.
fn machine(root: &Path) -> Option<usize> {
    let text = fs::read_to_string(root.join("proc/meminfo")).ok()?;
    kib(&text, "MemAvailable:")
}

/// The value of a line as `/proc` writes it, `MemAvailable:   22675384 kB`, in bytes.
fn kib(text: &str, name: &str) -> Option<usize> {
    let value = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: usize = value.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1 << 10)
}

/// How a version of control groups writes its limits.
struct Version {
    /// Where its folders may begin.
    mounts: &'static [&'static str],
    /// Limits, in bytes.
    limits: &'static [&'static str],
    /// What is used of them, in bytes.
    used: &'static str,
    /// The name, in `memory.stat`, of the file cache that is given up before anything is killed.
    cache: &'static str,
}

const V1: Version = Version {
    mounts: &["sys/fs/cgroup/memory"],
    limits: &["memory.limit_in_bytes"],
    used: "memory.usage_in_bytes",
    cache: "total_inactive_file",
};

const V2: Version = Version {
    // The second where both versions are in use.
    mounts: &["sys/fs/cgroup", "sys/fs/cgroup/unified"],
    // Past `memory.high` a process is slowed down to a crawl.
    limits: &["memory.max", "memory.high"],
    used: "memory.current",
    cache: "inactive_file",
};

/// What is free in the control groups that this process runs in: its own and all above it, the limits of each of which
/// hold.
fn groups(root: &Path) -> Option<usize> {
    let text = fs::read_to_string(root.join("proc/self/cgroup")).ok()?;
    let free = text.lines().filter_map(|line| {
        // `0::/path` in version 2, `4:memory:/path` in version 1.
        let mut fields = line.splitn(3, ':');
        let (_, controllers, path) = (fields.next()?, fields.next()?, fields.next()?);
        let version = match controllers {
            "" => V2,
            _ if controllers.split(',').any(|name| name == "memory") => V1,
            _ => return None,
        };
        version.free(root, Path::new(path))
    });
    free.min()
}

impl Version {
    /// What is free in a group and those above it. In a container the path may be the host's, which is not there; the
    /// top of what is mounted is then the container's own group.
    fn free(&self, root: &Path, group: &Path) -> Option<usize> {
        let names = group.components().filter(|part| matches!(part, Component::Normal(_)));
        let group: PathBuf = names.collect();
        let groups = self
            .mounts
            .iter()
            .flat_map(|mount| group.ancestors().map(move |group| root.join(mount).join(group)));
        groups.filter_map(|group| self.free_of(&group)).min()
    }

    /// What is free in one group, where it has a limit.
    fn free_of(&self, group: &Path) -> Option<usize> {
        let number = |name: &str| fs::read_to_string(group.join(name)).ok()?.trim().parse::<usize>().ok();
        // `max` is no number, and no limit.
        let limit = self.limits.iter().filter_map(|name| number(name)).min()?;
        let used = number(self.used).unwrap_or(0);
        let stat = fs::read_to_string(group.join("memory.stat")).unwrap_or_default();
        let cache = stat.lines().find_map(|line| {
            let (name, value) = line.split_once(' ')?;
            (name == self.cache).then(|| value.trim().parse::<usize>().ok())?
        });
        Some(limit.saturating_sub(used.saturating_sub(cache.unwrap_or(0))))
    }
}

/// What this process may still take of its Slurm job's memory on this node. Where Slurm does not hold a job to it by a
/// control group, it ends the job after the fact.
fn slurm(root: &Path, variable: impl Fn(&str) -> Option<String>) -> Option<usize> {
    let number = |name: &str| variable(name)?.trim().parse::<usize>().ok();
    // In MiB; 0 stands for all of the node's.
    let node = number("SLURM_MEM_PER_NODE").filter(|&mib| mib > 0);
    let by_cpu =
        || number("SLURM_MEM_PER_CPU")?.checked_mul(number("SLURM_CPUS_ON_NODE")?).filter(|&mib| mib > 0);
    let limit = node.or_else(by_cpu)?.checked_mul(1 << 20)?;
    let status = fs::read_to_string(root.join("proc/self/status")).unwrap_or_default();
    Some(limit.saturating_sub(kib(&status, "RssAnon:").unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1 << 20;

    /// A system of these files.
    fn system(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    const MEMINFO: (&str, &str) = ("proc/meminfo", "MemTotal:  8388608 kB\nMemAvailable:    4194304 kB\n");

    fn free(files: &[(&str, &str)]) -> Option<usize> {
        available(system(files).path(), |_| None)
    }

    #[test]
    fn the_machine_alone() {
        assert_eq!(free(&[MEMINFO]), Some(4096 * MIB));
        // As on macOS and Windows.
        assert_eq!(free(&[]), None);
        assert_eq!(free(&[("proc/meminfo", "MemAvailable: lots")]), None);
    }

    #[test]
    fn version_2_with_the_file_cache_that_can_go() {
        let own = ("proc/self/cgroup", "0::/job/step\n");
        let files = [
            MEMINFO,
            own,
            ("sys/fs/cgroup/job/step/memory.max", "1073741824\n"),
            ("sys/fs/cgroup/job/step/memory.high", "max\n"),
            ("sys/fs/cgroup/job/step/memory.current", "524288000\n"),
            (
                "sys/fs/cgroup/job/step/memory.stat",
                "anon 1\nfile 2\ninactive_file 104857600\nactive_file 9\n",
            ),
        ];
        assert_eq!(free(&files), Some(1024 * MIB - 400 * MIB));
        // What slows a process to a crawl is a limit too.
        let high = ("sys/fs/cgroup/job/step/memory.high", "734003200\n");
        assert_eq!(free(&[&files[..], &[high]].concat()), Some(700 * MIB - 400 * MIB));
        // A group without a limit of its own, below one that has: the nearest that limits counts.
        let above = [
            MEMINFO,
            own,
            ("sys/fs/cgroup/job/step/memory.max", "max\n"),
            ("sys/fs/cgroup/job/step/memory.current", "10\n"),
            ("sys/fs/cgroup/job/memory.max", "2147483648\n"),
            ("sys/fs/cgroup/job/memory.current", "1073741824\n"),
        ];
        assert_eq!(free(&above), Some(1024 * MIB));
        // More used than allowed, as after a limit was lowered.
        let over = ("sys/fs/cgroup/job/memory.current", "3147483648\n");
        assert_eq!(free(&[&above[..], &[over]].concat()), Some(0));
        // A limit above what the machine has free, and none at all.
        let wide = ("sys/fs/cgroup/job/memory.max", "999999999999\n");
        assert_eq!(free(&[&above[..], &[wide]].concat()), Some(4096 * MIB));
        assert_eq!(free(&[MEMINFO, own]), Some(4096 * MIB));
        // Mounted beside version 1.
        let unified = ("sys/fs/cgroup/unified/job/memory.max", "1048576\n");
        assert_eq!(free(&[MEMINFO, own, unified]), Some(MIB));
    }

    #[test]
    fn in_a_container_the_group_is_the_top_of_what_is_mounted() {
        for path in ["/", "/../..", "/docker/0123456789abcdef"] {
            let own = format!("0::{path}\n");
            let files = [
                MEMINFO,
                ("proc/self/cgroup", own.as_str()),
                ("sys/fs/cgroup/memory.max", "1073741824\n"),
                ("sys/fs/cgroup/memory.current", "73741824\n"),
            ];
            assert_eq!(free(&files), Some(1_000_000_000), "{path}");
        }
    }

    #[test]
    fn version_1_beside_version_2() {
        let files = [
            MEMINFO,
            ("proc/self/cgroup", "9:name=systemd:/\n5:cpuset,memory:/slurm/job_7\n3:cpu:/\n0::/\n"),
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"),
            ("sys/fs/cgroup/memory/slurm/job_7/memory.limit_in_bytes", "1073741824\n"),
            ("sys/fs/cgroup/memory/slurm/job_7/memory.usage_in_bytes", "536870912\n"),
            (
                "sys/fs/cgroup/memory/slurm/job_7/memory.stat",
                "inactive_file 7\ntotal_cache 9\ntotal_inactive_file 268435456\n",
            ),
        ];
        assert_eq!(free(&files), Some(768 * MIB));
        // Of other controllers' paths nothing is known.
        let others = [MEMINFO, ("proc/self/cgroup", "3:memory_recursiveprot:/slurm/job_7\n"), files[3]];
        assert_eq!(free(&others), Some(4096 * MIB));
    }

    #[test]
    fn a_slurm_job() {
        let status = ("proc/self/status", "Name:\tinfoplane\nVmRSS:\t  900 kB\nRssAnon:\t  102400 kB\n");
        let free = |variables: &[(&str, &str)]| {
            let variable = |name: &str| {
                variables.iter().find(|(own, _)| *own == name).map(|(_, value)| value.to_string())
            };
            available(system(&[MEMINFO, status]).path(), variable).unwrap() / MIB
        };
        assert_eq!(free(&[("SLURM_MEM_PER_NODE", "1000")]), 900);
        assert_eq!(free(&[("SLURM_MEM_PER_CPU", "500"), ("SLURM_CPUS_ON_NODE", "4")]), 1900);
        // All of the node's, and half a statement.
        assert_eq!(free(&[("SLURM_MEM_PER_NODE", "0")]), 4096);
        assert_eq!(free(&[("SLURM_MEM_PER_CPU", "500")]), 4096);
        assert_eq!(free(&[("SLURM_MEM_PER_NODE", "50")]), 0);
        assert_eq!(free(&[("SLURM_MEM_PER_NODE", "999999999999999999")]), 4096);
    }
}
