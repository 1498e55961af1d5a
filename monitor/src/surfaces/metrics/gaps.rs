use monitor_common::{GAP_BUCKETS, GapHistogram};
use prometheus::Error;
use prometheus::core::{Collector, Desc};
use prometheus::proto::{Bucket, Histogram, LabelPair, Metric, MetricFamily, MetricType};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const NAME: &str = "tcplull_gap_seconds";
const HELP: &str = "Silences past min_gap that ended, by path.";

/// The kernel's histograms of gaps as one Prometheus histogram. They are counted
/// in the kernel, so they are shown as they are instead of observed again.
#[derive(Clone, Debug)]
pub(super) struct Gaps {
    desc: Desc,
    by_path: Arc<Mutex<BTreeMap<String, GapHistogram>>>,
}

impl Gaps {
    pub(super) fn new() -> Result<Self, Error> {
        let labels = vec!["path".to_owned()];
        Ok(Self {
            desc: Desc::new(NAME.to_owned(), HELP.to_owned(), labels, HashMap::new())?,
            by_path: Arc::default(),
        })
    }

    /// Adds a path, with zeros until its first numbers come.
    pub(super) fn add(&self, path: &str) {
        self.lock().entry(path.to_owned()).or_default();
    }

    pub(super) fn remove(&self, path: &str) {
        self.lock().remove(path);
    }

    pub(super) fn set(&self, path: &str, histogram: GapHistogram) {
        self.lock().insert(path.to_owned(), histogram);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, GapHistogram>> {
        // Every change is one call on the map, so it is whole even after a panic elsewhere.
        self.by_path.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Collector for Gaps {
    fn desc(&self) -> Vec<&Desc> {
        vec![&self.desc]
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let metrics = self
            .lock()
            .iter()
            .map(|(path, gaps)| metric(path, gaps))
            .collect();
        let mut family = MetricFamily::default();
        family.set_name(NAME.to_owned());
        family.set_help(HELP.to_owned());
        family.set_field_type(MetricType::HISTOGRAM);
        family.set_metric(metrics);
        vec![family]
    }
}

fn metric(path: &str, gaps: &GapHistogram) -> Metric {
    let mut count = 0;
    let mut buckets = Vec::with_capacity(GAP_BUCKETS);
    for (power, in_bucket) in (1..).zip(gaps.buckets) {
        count += in_bucket;
        // The last bucket has no upper bound: it is the encoder's "+Inf".
        if buckets.len() + 1 < GAP_BUCKETS {
            let mut bucket = Bucket::default();
            bucket.set_upper_bound(f64::from(power).exp2());
            bucket.set_cumulative_count(count);
            buckets.push(bucket);
        }
    }
    let mut histogram = Histogram::default();
    histogram.set_bucket(buckets);
    histogram.set_sample_count(count);
    histogram.set_sample_sum(gaps.sum_ms as f64 / 1000.0);
    let mut label = LabelPair::default();
    label.set_name("path".to_owned());
    label.set_value(path.to_owned());
    let mut metric = Metric::from_label(vec![label]);
    metric.set_histogram(histogram);
    metric
}
