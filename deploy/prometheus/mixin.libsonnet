// Made by `cargo xtask rules` from xtask/src/rules: change it there, and make it anew.
//
// (import 'mixin.libsonnet') + { _config+:: { job: 'job="YOURS"', runbooks: 'https://HOST/' } }
//
// The same rules as tcplull.rules.yml, and the dashboard. xtask/src/rules/settings.rs says what each setting is for.
{
  _config+:: {
    job: "job=\"tcplull\"",
    runbooks: "",
    node: "instance, host, hostname, node, nodename, pod",
    few: "3",
    share: "0.01",
    down_share: "0.1",
    keep: "2m",
    keep_fleet: "10m",
    agent_for: "10m",
    state_for: "15m",
    window: "15m",
    lost_share: "0.01",
    misses: "1",
    keep_count: "1h",
    restarts: "3",
    info_for: "5m",
  },
  prometheusAlerts+:: {
    groups+: [
      // What was found on a node, by kind. Each is also in `tcplull alerts` there, with its owner.
      {
        name: "tcplull-findings",
        rules: [
          {
            alert: "TcplullUnreachable",
            expr: "tcplull_alerts_firing{%(job)s, alert=\"unreachable\", severity=\"page\"} > 0" % $._config,
            keep_firing_for: "%(keep)s" % $._config,
            labels: { severity: "critical" },
            annotations: {
              summary: "A peer or a network is down",
              description: "On {{ $labels.instance }}, path {{ $labels.path }}: {{ $value }} of them. `tcplull alerts` there shows whose connections, how many, and since when.",
              runbook_url: "%(runbooks)sdocs/findings.md#unreachable" % $._config,
            },
          },
          {
            alert: "TcplullBlackholed",
            expr: "tcplull_alerts_firing{%(job)s, alert=\"blackholed\", severity=\"page\"} > 0" % $._config,
            keep_firing_for: "%(keep)s" % $._config,
            labels: { severity: "critical" },
            annotations: {
              summary: "Connections hang: what they send is not acknowledged",
              description: "On {{ $labels.instance }}, path {{ $labels.path }}: {{ $value }} of them. `tcplull alerts` there shows whose connections, how many, and since when.",
              runbook_url: "%(runbooks)sdocs/findings.md#blackholed" % $._config,
            },
          },
          {
            alert: "TcplullUndelivered",
            expr: "tcplull_alerts_firing{%(job)s, alert=\"undelivered\", severity=\"page\"} > 0" % $._config,
            keep_firing_for: "%(keep)s" % $._config,
            labels: { severity: "critical" },
            annotations: {
              summary: "Data was acknowledged, and by all signs not by the peer",
              description: "On {{ $labels.instance }}, path {{ $labels.path }}: {{ $value }} of them. `tcplull alerts` there shows whose connections, how many, and since when.",
              runbook_url: "%(runbooks)sdocs/findings.md#undelivered" % $._config,
            },
          },
          {
            alert: "TcplullReset",
            expr: "tcplull_alerts_firing{%(job)s, alert=\"reset\", severity=\"page\"} > 0" % $._config,
            keep_firing_for: "%(keep)s" % $._config,
            labels: { severity: "critical" },
            annotations: {
              summary: "Connections were reset after a silence",
              description: "On {{ $labels.instance }}, path {{ $labels.path }}: {{ $value }} of them. `tcplull alerts` there shows whose connections, how many, and since when.",
              runbook_url: "%(runbooks)sdocs/findings.md#reset" % $._config,
            },
          },
          {
            alert: "TcplullMore",
            expr: "tcplull_alerts_firing{%(job)s, alert=\"more\", severity=\"page\"} > 0" % $._config,
            keep_firing_for: "%(keep)s" % $._config,
            labels: { severity: "critical" },
            annotations: {
              summary: "One owner has more alerts than its share of them",
              description: "On {{ $labels.instance }}, path {{ $labels.path }}: {{ $value }} of them. `tcplull alerts` there shows whose connections, how many, and since when.",
              runbook_url: "%(runbooks)sdocs/findings.md#more" % $._config,
            },
          },
          // For daemons that are newer than these rules: nothing that fires there is left out here.
          {
            alert: "TcplullOtherPage",
            expr: "tcplull_alerts_firing{%(job)s, alert!~\"unreachable|blackholed|undelivered|reset|more\", severity=\"page\"} > 0" % $._config,
            keep_firing_for: "%(keep)s" % $._config,
            labels: { severity: "critical" },
            annotations: {
              summary: "Connections are in trouble, by a name that these rules do not know",
              description: "On {{ $labels.instance }}, path {{ $labels.path }}: {{ $value }} of them. `tcplull alerts` there shows whose connections, how many, and since when. Its name there: {{ $labels.alert }}.",
              runbook_url: "%(runbooks)sdocs/findings.md#findings-and-what-to-do-about-them" % $._config,
            },
          },
          {
            alert: "TcplullBlackholed",
            expr: "tcplull_alerts_firing{%(job)s, alert=\"blackholed\", severity=\"ticket\"} > 0" % $._config,
            keep_firing_for: "%(keep)s" % $._config,
            labels: { severity: "warning" },
            annotations: {
              summary: "Connections hang: what they send is not acknowledged",
              description: "On {{ $labels.instance }}, path {{ $labels.path }}: {{ $value }} of them. `tcplull alerts` there shows whose connections, how many, and since when.",
              runbook_url: "%(runbooks)sdocs/findings.md#blackholed" % $._config,
            },
          },
          {
            alert: "TcplullReset",
            expr: "tcplull_alerts_firing{%(job)s, alert=\"reset\", severity=\"ticket\"} > 0" % $._config,
            keep_firing_for: "%(keep)s" % $._config,
            labels: { severity: "warning" },
            annotations: {
              summary: "Connections were reset after a silence",
              description: "On {{ $labels.instance }}, path {{ $labels.path }}: {{ $value }} of them. `tcplull alerts` there shows whose connections, how many, and since when.",
              runbook_url: "%(runbooks)sdocs/findings.md#reset" % $._config,
            },
          },
          {
            alert: "TcplullCrossed",
            expr: "tcplull_alerts_firing{%(job)s, alert=\"crossed\", severity=\"ticket\"} > 0" % $._config,
            keep_firing_for: "%(keep)s" % $._config,
            labels: { severity: "warning" },
            annotations: {
              summary: "Connections are silent for longer than their path remembers them",
              description: "On {{ $labels.instance }}, path {{ $labels.path }}: {{ $value }} of them. `tcplull alerts` there shows whose connections, how many, and since when.",
              runbook_url: "%(runbooks)sdocs/findings.md#crossed" % $._config,
            },
          },
          {
            alert: "TcplullClosed",
            expr: "tcplull_alerts_firing{%(job)s, alert=\"closed\", severity=\"ticket\"} > 0" % $._config,
            keep_firing_for: "%(keep)s" % $._config,
            labels: { severity: "warning" },
            annotations: {
              summary: "Connections were closed after a silence, and something was lost by it",
              description: "On {{ $labels.instance }}, path {{ $labels.path }}: {{ $value }} of them. `tcplull alerts` there shows whose connections, how many, and since when.",
              runbook_url: "%(runbooks)sdocs/findings.md#closed" % $._config,
            },
          },
          {
            alert: "TcplullCloseWait",
            expr: "tcplull_alerts_firing{%(job)s, alert=\"close_wait\", severity=\"ticket\"} > 0" % $._config,
            keep_firing_for: "%(keep)s" % $._config,
            labels: { severity: "warning" },
            annotations: {
              summary: "One owner keeps connections that their peers have closed",
              description: "On {{ $labels.instance }}, path {{ $labels.path }}: {{ $value }} of them. `tcplull alerts` there shows whose connections, how many, and since when.",
              runbook_url: "%(runbooks)sdocs/findings.md#close_wait" % $._config,
            },
          },
          {
            alert: "TcplullDeadlock",
            expr: "tcplull_alerts_firing{%(job)s, alert=\"deadlock\", severity=\"ticket\"} > 0" % $._config,
            keep_firing_for: "%(keep)s" % $._config,
            labels: { severity: "warning" },
            annotations: {
              summary: "Connections stand still: neither end reads",
              description: "On {{ $labels.instance }}, path {{ $labels.path }}: {{ $value }} of them. `tcplull alerts` there shows whose connections, how many, and since when.",
              runbook_url: "%(runbooks)sdocs/findings.md#deadlock" % $._config,
            },
          },
          {
            alert: "TcplullAwaitingReply",
            expr: "tcplull_alerts_firing{%(job)s, alert=\"awaiting_reply\", severity=\"ticket\"} > 0" % $._config,
            keep_firing_for: "%(keep)s" % $._config,
            labels: { severity: "warning" },
            annotations: {
              summary: "Requests were acknowledged, and their answers are overdue",
              description: "On {{ $labels.instance }}, path {{ $labels.path }}: {{ $value }} of them. `tcplull alerts` there shows whose connections, how many, and since when.",
              runbook_url: "%(runbooks)sdocs/findings.md#awaiting_reply" % $._config,
            },
          },
          {
            alert: "TcplullMtu",
            expr: "tcplull_alerts_firing{%(job)s, alert=\"mtu\", severity=\"ticket\"} > 0" % $._config,
            keep_firing_for: "%(keep)s" % $._config,
            labels: { severity: "warning" },
            annotations: {
              summary: "Full segments do not pass, smaller ones do",
              description: "On {{ $labels.instance }}, path {{ $labels.path }}: {{ $value }} of them. `tcplull alerts` there shows whose connections, how many, and since when.",
              runbook_url: "%(runbooks)sdocs/findings.md#mtu" % $._config,
            },
          },
          {
            alert: "TcplullUnexplained",
            expr: "tcplull_alerts_firing{%(job)s, alert=\"unexplained\", severity=\"ticket\"} > 0" % $._config,
            keep_firing_for: "%(keep)s" % $._config,
            labels: { severity: "warning" },
            annotations: {
              summary: "Connections are due to move and do not, and nothing explains it",
              description: "On {{ $labels.instance }}, path {{ $labels.path }}: {{ $value }} of them. `tcplull alerts` there shows whose connections, how many, and since when.",
              runbook_url: "%(runbooks)sdocs/findings.md#unexplained" % $._config,
            },
          },
          {
            alert: "TcplullInterrupted",
            expr: "tcplull_alerts_firing{%(job)s, alert=\"interrupted\", severity=\"ticket\"} > 0" % $._config,
            keep_firing_for: "%(keep)s" % $._config,
            labels: { severity: "warning" },
            annotations: {
              summary: "Connections were in trouble again and again, each time too briefly to page",
              description: "On {{ $labels.instance }}, path {{ $labels.path }}: {{ $value }} of them. `tcplull alerts` there shows whose connections, how many, and since when.",
              runbook_url: "%(runbooks)sdocs/findings.md#interrupted" % $._config,
            },
          },
          {
            alert: "TcplullMisstated",
            expr: "tcplull_alerts_firing{%(job)s, alert=\"misstated\", severity=\"ticket\"} > 0" % $._config,
            keep_firing_for: "%(keep)s" % $._config,
            labels: { severity: "warning" },
            annotations: {
              summary: "A path forgets connections sooner than is stated",
              description: "On {{ $labels.instance }}, path {{ $labels.path }}: {{ $value }} of them. `tcplull alerts` there shows whose connections, how many, and since when.",
              runbook_url: "%(runbooks)sdocs/findings.md#misstated" % $._config,
            },
          },
          {
            alert: "TcplullMore",
            expr: "tcplull_alerts_firing{%(job)s, alert=\"more\", severity=\"ticket\"} > 0" % $._config,
            keep_firing_for: "%(keep)s" % $._config,
            labels: { severity: "warning" },
            annotations: {
              summary: "One owner has more alerts than its share of them",
              description: "On {{ $labels.instance }}, path {{ $labels.path }}: {{ $value }} of them. `tcplull alerts` there shows whose connections, how many, and since when.",
              runbook_url: "%(runbooks)sdocs/findings.md#more" % $._config,
            },
          },
          // For daemons that are newer than these rules: nothing that fires there is left out here.
          {
            alert: "TcplullOtherTicket",
            expr: "tcplull_alerts_firing{%(job)s, alert!~\"blackholed|reset|crossed|closed|close_wait|deadlock|awaiting_reply|mtu|unexplained|interrupted|misstated|more\", severity=\"ticket\"} > 0" % $._config,
            keep_firing_for: "%(keep)s" % $._config,
            labels: { severity: "warning" },
            annotations: {
              summary: "Connections are in trouble, by a name that these rules do not know",
              description: "On {{ $labels.instance }}, path {{ $labels.path }}: {{ $value }} of them. `tcplull alerts` there shows whose connections, how many, and since when. Its name there: {{ $labels.alert }}.",
              runbook_url: "%(runbooks)sdocs/findings.md#findings-and-what-to-do-about-them" % $._config,
            },
          },
          // One for the whole fleet: nobody need act on it.
          {
            alert: "TcplullAtRisk",
            expr: "sum without (%(node)s) (tcplull_connections{%(job)s, silence=\"at_risk\"}) > 0" % $._config,
            'for': "%(info_for)s" % $._config,
            labels: { severity: "info" },
            annotations: {
              summary: "Silent connections are about to cross their path's timeout, and no keepalive will prevent it",
              description: "On path {{ $labels.path }}: {{ $value }} connections. `tcplull ls` on their nodes shows them with their owners and their keepalive.",
              runbook_url: "%(runbooks)sdocs/findings.md#at_risk" % $._config,
            },
          },
          // One for the whole fleet: nobody need act on it.
          {
            alert: "TcplullStalls",
            expr: "sum without (%(node)s) (increase(tcplull_stalls_total{%(job)s, cause=~\"zero_window|local_reader|fin_unread|network_loss|sender_limited\"}[%(window)s])) > 0" % $._config,
            labels: { severity: "info" },
            annotations: {
              summary: "Connections were due to move and did not, for a reason that is known",
              description: "On path {{ $labels.path }}: {{ $labels.cause }}, in the last %(window)s. `tcplull watch` on their nodes shows those to come, the daemon's log those that were." % $._config,
              runbook_url: "%(runbooks)sdocs/findings.md#stalls" % $._config,
            },
          },
        ],
      },
      // What many nodes have at once: one alert, which inhibits theirs (see alertmanager.yml).
      {
        name: "tcplull-fleet",
        rules: [
          {
            record: "path:tcplull_nodes:count",
            expr: "count without (%(node)s) (tcplull_crossed_total{%(job)s})" % $._config,
          },
          {
            record: "path:tcplull_paging_nodes:count",
            expr: "count without (%(node)s) (\n  max without (alert, severity) (tcplull_alerts_firing{%(job)s, severity=\"page\", alert!=\"more\"}) > 0\n)" % $._config,
          },
          {
            record: "path_alert:tcplull_ticketing_nodes:count",
            expr: "count without (%(node)s, severity) (tcplull_alerts_firing{%(job)s, severity=\"ticket\", alert!=\"more\"} > 0)" % $._config,
          },
          // 3 nodes and more, and so much of those that have the path.
          {
            alert: "TcplullFleetFailing",
            expr: "path:tcplull_paging_nodes:count{%(job)s} >= %(few)s\nand\npath:tcplull_paging_nodes:count{%(job)s} / path:tcplull_nodes:count{%(job)s} >= %(share)s" % $._config,
            keep_firing_for: "%(keep_fleet)s" % $._config,
            labels: { severity: "critical" },
            annotations: {
              summary: "Many nodes fail towards one path at once",
              description: "{{ $value }} nodes page towards path {{ $labels.path }}. Look at what they share there (the gateway, the load balancer, the peer) before you look at a node; the alerts of each are held back meanwhile, and on the dashboard.",
              runbook_url: "%(runbooks)sdocs/prometheus.md#tcplullfleetfailing" % $._config,
            },
          },
          {
            alert: "TcplullFleetTickets",
            expr: "path_alert:tcplull_ticketing_nodes:count{%(job)s} >= %(few)s\nand\npath_alert:tcplull_ticketing_nodes:count{%(job)s} / ignoring (alert) group_left () path:tcplull_nodes:count{%(job)s} >= %(share)s" % $._config,
            keep_firing_for: "%(keep_fleet)s" % $._config,
            labels: { severity: "warning" },
            annotations: {
              summary: "Many nodes have the same ticket on one path",
              description: "{{ $value }} nodes have tickets {{ $labels.alert }} on path {{ $labels.path }}; those of each are held back meanwhile, and on the dashboard.",
              runbook_url: "%(runbooks)sdocs/prometheus.md#tcplullfleettickets" % $._config,
            },
          },
          {
            alert: "TcplullFleetDown",
            expr: "count without (%(node)s) (up{%(job)s} == 0) / count without (%(node)s) (up{%(job)s}) >= %(down_share)s\nand\ncount without (%(node)s) (up{%(job)s} == 0) >= %(few)s" % $._config,
            'for': "%(agent_for)s" % $._config,
            keep_firing_for: "%(keep)s" % $._config,
            labels: { severity: "warning" },
            annotations: {
              summary: "Many daemons of the fleet cannot be scraped",
              description: "{{ $value | humanizePercentage }} of job {{ $labels.job }} cannot be scraped: what happens to their connections is not told.",
              runbook_url: "%(runbooks)sdocs/prometheus.md#tcplullfleetdown" % $._config,
            },
          },
        ],
      },
      // Whether the daemons do their work: what they miss, nobody is told.
      {
        name: "tcplull-agent",
        rules: [
          {
            alert: "TcplullAbsent",
            expr: "absent(up{%(job)s})\nor\nmax without (%(node)s) (up{%(job)s}) == 0" % $._config,
            'for': "%(agent_for)s" % $._config,
            keep_firing_for: "%(keep)s" % $._config,
            labels: { severity: "critical" },
            annotations: {
              summary: "No tcplull at all is scraped",
              description: "Prometheus scrapes no daemon of job {{ $labels.job }}: nothing that happens to connections is told. Is the job called so, and does it find its targets?",
              runbook_url: "%(runbooks)sdocs/prometheus.md#tcplullabsent" % $._config,
            },
          },
          {
            alert: "TcplullDown",
            expr: "up{%(job)s} == 0" % $._config,
            'for': "%(agent_for)s" % $._config,
            keep_firing_for: "%(keep)s" % $._config,
            labels: { severity: "warning" },
            annotations: {
              summary: "A daemon cannot be scraped",
              description: "{{ $labels.instance }} does not answer, or not in time: what happens to its connections is not told.",
              runbook_url: "%(runbooks)sdocs/prometheus.md#tcplulldown" % $._config,
            },
          },
          {
            alert: "TcplullNotReady",
            expr: "tcplull_ready{%(job)s} == 0" % $._config,
            'for': "%(agent_for)s" % $._config,
            keep_firing_for: "%(keep)s" % $._config,
            labels: { severity: "warning" },
            annotations: {
              summary: "A daemon does not do its work",
              description: "On {{ $labels.instance }}: `/readyz` there says why.",
              runbook_url: "%(runbooks)sdocs/prometheus.md#tcplullnotready" % $._config,
            },
          },
          // A daemon that stepped down has let go of hooks by its own will.
          {
            alert: "TcplullHookMissing",
            expr: "tcplull_hook_info{%(job)s, mechanism=\"none\"} == 1\nunless ignoring (hook, mechanism) tcplull_stepped_down{%(job)s} == 1" % $._config,
            'for': "%(state_for)s" % $._config,
            keep_firing_for: "%(keep)s" % $._config,
            labels: { severity: "warning" },
            annotations: {
              summary: "A hook of the kernel is missing: what it would tell is not seen",
              description: "On {{ $labels.instance }}: {{ $labels.hook }}. `tcplull check` there says why none of its mechanisms works.",
              runbook_url: "%(runbooks)sdocs/prometheus.md#tcplullhookmissing" % $._config,
            },
          },
          {
            alert: "TcplullSteppedDown",
            expr: "tcplull_stepped_down{%(job)s} == 1" % $._config,
            'for': "%(state_for)s" % $._config,
            keep_firing_for: "%(keep)s" % $._config,
            labels: { severity: "warning" },
            annotations: {
              summary: "A daemon watches less than it was told to, because it took more than its cpu_budget",
              description: "On {{ $labels.instance }}: `/readyz` there says how far.",
              runbook_url: "%(runbooks)sdocs/prometheus.md#tcplullsteppeddown" % $._config,
            },
          },
          // Where sweeps are only too rare, and where less is watched by its own will, other alerts say so.
          {
            alert: "TcplullNotSweeping",
            expr: "increase(tcplull_sweeps_total{%(job)s}[%(window)s]) == 0\nunless tcplull_sweep_unseen_seconds{%(job)s} > 0\nunless tcplull_stepped_down{%(job)s} == 1" % $._config,
            'for': "%(info_for)s" % $._config,
            keep_firing_for: "%(keep)s" % $._config,
            labels: { severity: "warning" },
            annotations: {
              summary: "A daemon looks at no connections any more: silence and stalls are not seen",
              description: "On {{ $labels.instance }}: no sweep in %(window)s. `/readyz` there says why." % $._config,
              runbook_url: "%(runbooks)sdocs/prometheus.md#tcplullnotsweeping" % $._config,
            },
          },
          {
            alert: "TcplullSweepsTooRare",
            expr: "tcplull_sweep_unseen_seconds{%(job)s} > 0" % $._config,
            'for': "%(state_for)s" % $._config,
            keep_firing_for: "%(keep)s" % $._config,
            labels: { severity: "warning" },
            annotations: {
              summary: "A daemon looks at connections too rarely to see all",
              description: "On {{ $labels.instance }}: what begins and ends within {{ $value | humanizeDuration }} is not seen. `/readyz` there says which sweep_budget would do.",
              runbook_url: "%(runbooks)sdocs/prometheus.md#tcplullsweepstoorare" % $._config,
            },
          },
          // Not reason="budget": there one connection told more than 256 facts, and enough is known of it.
          {
            alert: "TcplullFactsDropped",
            expr: "sum without (reason) (increase(tcplull_facts_dropped_total{%(job)s, reason=\"ring_full\"}[%(window)s]))\n  / increase(tcplull_facts_seen_total{%(job)s}[%(window)s]) > %(lost_share)s\nor\nsum without (program) (rate(tcplull_program_misses_total{%(job)s}[%(window)s])) > %(misses)s" % $._config,
            keep_firing_for: "%(keep_count)s" % $._config,
            labels: { severity: "warning" },
            annotations: {
              summary: "Much of what the kernel side had to tell was lost",
              description: "On {{ $labels.instance }}, in the last %(window)s: the daemon was too slow for the kernel side (ring_full), or the kernel left programs out. Findings may be missing." % $._config,
              runbook_url: "%(runbooks)sdocs/prometheus.md#tcplullfactsdropped" % $._config,
            },
          },
          {
            alert: "TcplullTablesFull",
            expr: "sum without (reason) (increase(tcplull_judge_dropped_total{%(job)s, reason=~\".+_full\"}[%(window)s])) > 0\nor\nincrease(tcplull_sweep_rows_dropped_total{%(job)s}[%(window)s]) > 0\nor\nincrease(tcplull_snapshots_refused_total{%(job)s}[%(window)s]) > 0" % $._config,
            keep_firing_for: "%(keep_count)s" % $._config,
            labels: { severity: "warning" },
            annotations: {
              summary: "A table of the daemon is full: some connections are not followed",
              description: "On {{ $labels.instance }}, in the last %(window)s: more connections are silent, stalled or shown than a table holds (tcplull_judge_dropped_total, tcplull_sweep_rows_dropped_total, tcplull_snapshots_refused_total). Findings may be missing." % $._config,
              runbook_url: "%(runbooks)sdocs/prometheus.md#tcplulltablesfull" % $._config,
            },
          },
          {
            alert: "TcplullAlertsDropped",
            expr: "increase(tcplull_alerts_dropped_total{%(job)s, reason!=\"too_many_over\"}[%(window)s]) > 0" % $._config,
            keep_firing_for: "%(keep_count)s" % $._config,
            labels: { severity: "warning" },
            annotations: {
              summary: "A daemon has more alerts than it has room for",
              description: "On {{ $labels.instance }}, in the last %(window)s: {{ $labels.reason }}. What has no alert of its own is counted in one named `more`." % $._config,
              runbook_url: "%(runbooks)sdocs/prometheus.md#tcplullalertsdropped" % $._config,
            },
          },
          {
            alert: "TcplullAlertsNotSaved",
            expr: "increase(tcplull_alerts_save_failures_total{%(job)s}[%(window)s]) > 0" % $._config,
            keep_firing_for: "%(keep_count)s" % $._config,
            labels: { severity: "warning" },
            annotations: {
              summary: "A daemon cannot keep its alerts: a restart would begin them anew",
              description: "On {{ $labels.instance }}: its log says why. Is the folder of its socket full, or read-only?",
              runbook_url: "%(runbooks)sdocs/prometheus.md#tcplullalertsnotsaved" % $._config,
            },
          },
          // For daemons that push. One that has nothing to tell has no errors either.
          {
            alert: "TcplullNotificationsFailing",
            expr: "sum without (reason) (increase(tcplull_notifications_errors_total{%(job)s}[%(window)s])) > 0\nunless increase(tcplull_notifications_total{%(job)s}[%(window)s]) > 0" % $._config,
            'for': "%(info_for)s" % $._config,
            keep_firing_for: "%(keep)s" % $._config,
            labels: { severity: "warning" },
            annotations: {
              summary: "A daemon cannot tell an Alertmanager of its alerts",
              description: "On {{ $labels.instance }}: no alert has come through to {{ $labels.alertmanager }} in %(window)s. Its log says why." % $._config,
              runbook_url: "%(runbooks)sdocs/prometheus.md#tcplullnotificationsfailing" % $._config,
            },
          },
          {
            alert: "TcplullNotificationsDropped",
            expr: "increase(tcplull_notifications_dropped_total{%(job)s}[%(window)s]) > 0" % $._config,
            keep_firing_for: "%(keep_count)s" % $._config,
            labels: { severity: "warning" },
            annotations: {
              summary: "Alerts were not sent to an Alertmanager, and will not be",
              description: "On {{ $labels.instance }}, in the last %(window)s: {{ $labels.alertmanager }} was not told of some alerts ({{ $labels.reason }})." % $._config,
              runbook_url: "%(runbooks)sdocs/prometheus.md#tcplullnotificationsdropped" % $._config,
            },
          },
          {
            alert: "TcplullOutputsDropped",
            expr: "increase(tcplull_log_dropped_total{%(job)s}[%(window)s]) > 0\nor\nincrease(tcplull_messages_dropped_total{%(job)s}[%(window)s]) > 0\nor\nincrease(tcplull_recording_dropped_total{%(job)s}[%(window)s]) > 0" % $._config,
            labels: { severity: "info" },
            annotations: {
              summary: "Lines of the log, or parts of a recording, were lost",
              description: "On {{ $labels.instance }}, in the last %(window)s: who reads its standard output or standard error is too slow, or the disk of its recording. Metrics and alerts are whole." % $._config,
              runbook_url: "%(runbooks)sdocs/prometheus.md#tcplulloutputsdropped" % $._config,
            },
          },
          {
            alert: "TcplullConfigReloadFailed",
            expr: "tcplull_config_last_reload_successful{%(job)s} == 0" % $._config,
            'for': "%(info_for)s" % $._config,
            keep_firing_for: "%(keep)s" % $._config,
            labels: { severity: "warning" },
            annotations: {
              summary: "A daemon runs by an older configuration than it was given",
              description: "On {{ $labels.instance }}: its log names the line.",
              runbook_url: "%(runbooks)sdocs/prometheus.md#tcplullconfigreloadfailed" % $._config,
            },
          },
          {
            alert: "TcplullScopeNotFound",
            expr: "tcplull_scope_found{%(job)s} == 0" % $._config,
            'for': "%(state_for)s" % $._config,
            keep_firing_for: "%(keep)s" % $._config,
            labels: { severity: "warning" },
            annotations: {
              summary: "What a daemon is limited to is not there: it watches nothing",
              description: "On {{ $labels.instance }}: the unit, cgroup or namespace of its [scope] does not exist; its log names it.",
              runbook_url: "%(runbooks)sdocs/prometheus.md#tcplullscopenotfound" % $._config,
            },
          },
          {
            alert: "TcplullHostNotSeen",
            expr: "tcplull_host_processes_seen{%(job)s} == 0" % $._config,
            'for': "%(state_for)s" % $._config,
            keep_firing_for: "%(keep)s" % $._config,
            labels: { severity: "warning" },
            annotations: {
              summary: "A daemon sees only the processes of its own pid namespace",
              description: "On {{ $labels.instance }}: silent connections of others are not seen. Kubernetes: `hostPID: true`; docker and podman: `--pid=host`.",
              runbook_url: "%(runbooks)sdocs/prometheus.md#tcplullhostnotseen" % $._config,
            },
          },
          {
            alert: "TcplullRestarts",
            expr: "changes(process_start_time_seconds{%(job)s}[1h]) >= %(restarts)s" % $._config,
            keep_firing_for: "%(keep_count)s" % $._config,
            labels: { severity: "warning" },
            annotations: {
              summary: "A daemon ends and begins again and again",
              description: "{{ $labels.instance }} began {{ $value }} times within an hour. Its log, and `journalctl -k` there, say why it ended.",
              runbook_url: "%(runbooks)sdocs/prometheus.md#tcplullrestarts" % $._config,
            },
          },
        ],
      },
      // Fires always. Route it to what wakes somebody when it is NOT there, such as a dead man's switch.
      {
        name: "tcplull-watchdog",
        rules: [
          {
            alert: "TcplullWatchdog",
            expr: "vector(1)",
            labels: { severity: "none" },
            annotations: {
              summary: "The way from tcplull's rules to you works",
              description: "This alert fires always. If it is missing, Prometheus does not evaluate these rules, or Alertmanager does not hear of them.",
              runbook_url: "%(runbooks)sdocs/prometheus.md#tcplullwatchdog" % $._config,
            },
          },
        ],
      },
    ],
  },
  prometheusRules+:: {
    groups+: [
      // Sums over the fleet for the dashboard; nothing alerts on them. A fleet without the dashboard can leave this group out.
      {
        name: "tcplull-fleet-views",
        interval: "1m",
        rules: [
          {
            record: "path_alert_severity:tcplull_alerts_firing:sum",
            expr: "sum without (%(node)s) (tcplull_alerts_firing{%(job)s})" % $._config,
          },
          {
            record: "path_silence:tcplull_connections:sum",
            expr: "sum without (%(node)s) (tcplull_connections{%(job)s})" % $._config,
          },
          {
            record: "path:tcplull_crossed:rate5m",
            expr: "sum without (%(node)s) (rate(tcplull_crossed_total{%(job)s}[5m]))" % $._config,
          },
          {
            record: "path_outcome:tcplull_outcomes:rate5m",
            expr: "sum without (%(node)s) (rate(tcplull_outcomes_total{%(job)s}[5m]))" % $._config,
          },
          {
            record: "path_cause:tcplull_stalls:rate5m",
            expr: "sum without (%(node)s) (rate(tcplull_stalls_total{%(job)s}[5m]))" % $._config,
          },
          {
            record: "path_le:tcplull_gap_seconds_bucket:rate5m",
            expr: "sum without (%(node)s) (rate(tcplull_gap_seconds_bucket{%(job)s}[5m]))" % $._config,
          },
        ],
      },
    ],
  },
  grafanaDashboards+:: { 'tcplull.json': import '../grafana/tcplull.json' },
}
