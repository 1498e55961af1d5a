//! The cloud this host runs in, by its DMI strings.

use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Where the kernel shows the machine's DMI strings.
pub(super) const ROOT: &str = "/sys/class/dmi/id";

/// Chassis asset tag of every Azure machine; the vendor alone would also match
/// Hyper-V elsewhere (cloud-init's and Azure's own detection use it).
const AZURE_ASSET_TAG: &str = "7783-7084-3265-9085-8269-3286-77";

/// The name of the preset that fits the cloud this host runs in, by its DMI
/// strings below `root`; `None` where no known cloud shows itself.
pub(super) fn guess(root: &Path) -> Option<&'static str> {
    let is = |name: &str, expected: &str| read(root, name).is_some_and(|text| text == expected);
    if is("chassis_asset_tag", AZURE_ASSET_TAG) {
        Some("azure-snat")
    } else if is("sys_vendor", "Amazon EC2") {
        Some("aws-nat-gateway")
    } else if is("product_name", "Google Compute Engine") {
        Some("gcp-vpc-firewall")
    } else {
        None
    }
}

fn read(root: &Path, name: &str) -> Option<String> {
    // DMI strings are short; more would be no DMI string.
    const LONGEST: u64 = 256;
    let mut text = String::new();
    let file = File::open(root.join(name)).ok()?;
    file.take(LONGEST).read_to_string(&mut text).ok()?;
    Some(text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guess_with(files: &[(&str, &str)]) -> Option<&'static str> {
        let root = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(root.path().join(name), text).unwrap();
        }
        guess(root.path())
    }

    #[test]
    fn each_cloud_is_known_by_its_strings() {
        let azure = [
            ("sys_vendor", "Microsoft Corporation\n"),
            ("chassis_asset_tag", "7783-7084-3265-9085-8269-3286-77\n"),
        ];
        assert_eq!(guess_with(&azure), Some("azure-snat"));
        assert_eq!(
            guess_with(&[("sys_vendor", "Amazon EC2\n")]),
            Some("aws-nat-gateway")
        );
        let google = [
            ("sys_vendor", "Google\n"),
            ("product_name", "Google Compute Engine\n"),
        ];
        assert_eq!(guess_with(&google), Some("gcp-vpc-firewall"));
    }

    #[test]
    fn hyper_v_at_home_is_not_azure() {
        assert_eq!(
            guess_with(&[("sys_vendor", "Microsoft Corporation\n")]),
            None
        );
    }

    #[test]
    fn a_machine_without_strings_is_no_cloud() {
        assert_eq!(guess(Path::new("/nonexistent")), None);
        assert_eq!(guess_with(&[("sys_vendor", "QEMU\n")]), None);
    }
}
