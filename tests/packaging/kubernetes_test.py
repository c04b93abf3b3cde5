"""The manifests of conf/kubernetes against the structure of the Kubernetes API, and what they promise.

The schemas of kubeconform lie where tests can't get them, so npm's kubernetes-models is used: the OpenAPI
definitions compiled to validators (required fields, types, forms) and as TypeScript types, whose compiler
finds fields that the API does not have. scripts/packaging installs both into build/kubernetes; where npm
can't be reached these tests are skipped, and the checks of our own still run.
"""
import json
import pathlib
import subprocess
import tempfile
import unittest

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODELS = ROOT / "build" / "kubernetes"
CHECK = pathlib.Path(__file__).with_name("kubernetes") / "check.cjs"
SAFE_SYSCTL = "net.ipv4.ip_unprivileged_port_start"
VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim"} | {
    "projected",
    "secret",
}
PROBES = ("startupProbe", "livenessProbe", "readinessProbe")


def documents(name):
    return list(yaml.safe_load_all((ROOT / "conf" / "kubernetes" / name).read_text()))


def of_kind(name, kind):
    found = [d for d in documents(name) if d["kind"] == kind]
    assert found, f"{name} has no {kind}"
    return found


def workload(name):
    return of_kind(name, {"sidecar.yaml": "Deployment", "relay.yaml": "StatefulSet"}[name])[0]


def pod(name):
    return workload(name)["spec"]["template"]["spec"]


def postern_container(name):
    spec = pod(name)
    return next(c for c in spec.get("initContainers", []) + spec["containers"] if c["name"] == "postern")


def environment(name):
    return {e["name"]: e.get("value") for e in postern_container(name)["env"]}


def seconds(text):
    return int(text.removesuffix("s"))


BOTH = ("sidecar.yaml", "relay.yaml")


@unittest.skipUnless((MODELS / "installed-by.json").exists(), "npm could not install kubernetes-models")
class ApiStructure(unittest.TestCase):
    """check.cjs reads a list of objects and prints every complaint; none is good."""

    def complaints(self, objects):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(objects, file)
            file.flush()
            done = subprocess.run(
                ["node", CHECK, MODELS, file.name], capture_output=True, text=True, timeout=120, check=False
            )
        self.assertIn(done.returncode, (0, 1), done.stderr)
        return done.stdout

    def test_the_manifests_fit(self):
        for name in BOTH:
            self.assertEqual(self.complaints(documents(name)), "", name)

    def test_a_wrong_type_and_a_missing_field_are_found(self):
        broken = workload("relay.yaml")
        broken["spec"]["replicas"] = "two"
        del broken["spec"]["selector"]
        found = self.complaints([broken])
        self.assertIn("/spec/replicas", found)
        self.assertIn("selector", found)

    def test_a_field_that_the_api_has_not_is_found(self):
        broken = workload("sidecar.yaml")
        broken["spec"]["template"]["spec"]["initContainers"][0]["restartPolice"] = "Always"
        self.assertIn("restartPolice", self.complaints([broken]))


class Manifests(unittest.TestCase):
    def test_restricted_pod_security(self):
        for name in BOTH:
            spec = pod(name)
            self.assertTrue(spec["securityContext"]["runAsNonRoot"])
            self.assertNotEqual(spec["securityContext"]["runAsUser"], 0)
            self.assertEqual(spec["securityContext"]["seccompProfile"]["type"], "RuntimeDefault")
            for sysctl in spec["securityContext"].get("sysctls", []):
                self.assertEqual(sysctl["name"], SAFE_SYSCTL)
            for host in ("hostNetwork", "hostPID", "hostIPC"):
                self.assertNotIn(host, spec)
            for container in spec.get("initContainers", []) + spec["containers"]:
                context = container["securityContext"]
                self.assertIs(context["allowPrivilegeEscalation"], False)
                self.assertEqual(context["capabilities"], {"drop": ["ALL"]})
                self.assertFalse(any("hostPort" in port for port in container.get("ports", [])))
            for volume in spec["volumes"]:
                self.assertLessEqual(set(volume) - {"name"}, VOLUMES)
            self.assertIs(postern_container(name)["securityContext"]["readOnlyRootFilesystem"], True)

    def test_every_mount_has_its_volume(self):
        for name in BOTH:
            claims = {c["metadata"]["name"] for c in workload(name)["spec"].get("volumeClaimTemplates", [])}
            volumes = {v["name"] for v in pod(name)["volumes"]} | claims
            mounts = {m["name"] for m in postern_container(name)["volumeMounts"]}
            self.assertEqual(mounts, volumes)

    def test_secrets_and_config_maps_exist_with_their_keys(self):
        for name in BOTH:
            kept = {(d["kind"], d["metadata"]["name"]): d for d in documents(name)}
            for volume in pod(name)["volumes"]:
                if "secret" in volume:
                    secret = kept["Secret", volume["secret"]["secretName"]]["stringData"]
                    self.assertLessEqual({i["key"] for i in volume["secret"]["items"]}, set(secret))
                if "configMap" in volume:
                    self.assertIn(("ConfigMap", volume["configMap"]["name"]), kept)
            for entry in postern_container(name)["env"]:
                reference = entry.get("valueFrom", {}).get("secretKeyRef")
                if reference:
                    self.assertIn(reference["key"], kept["Secret", reference["name"]]["stringData"])

    def test_probes_ask_the_port_that_is_listened_on(self):
        for name in BOTH:
            container = postern_container(name)
            ports = {p["name"]: p["containerPort"] for p in container["ports"]}
            self.assertEqual(ports["admin"], 8025)
            paths = [container[probe]["httpGet"]["path"] for probe in PROBES]
            # A full disk makes a pod unready, and must not kill it.
            self.assertEqual(paths, ["/readyz", "/livez", "/readyz"])
            for probe in PROBES:
                self.assertIn(container[probe]["httpGet"]["port"], ports)
        self.assertTrue(environment("sidecar.yaml")["POSTERN_ADMIN_LISTEN"].endswith(":8025"))
        self.assertTrue(self.relay_config()["admin"]["listen"].endswith(":8025"))

    def test_the_sidecar_is_a_native_one_and_ends_after_the_application(self):
        container = postern_container("sidecar.yaml")
        self.assertEqual(container["restartPolicy"], "Always")
        self.assertIn(container, pod("sidecar.yaml")["initContainers"])

    def test_the_end_of_a_pod_leaves_time_to_drain(self):
        grace = pod("sidecar.yaml")["terminationGracePeriodSeconds"]
        self.assertLess(seconds(environment("sidecar.yaml")["POSTERN_DELIVERY_DRAIN"]), grace)
        spec = pod("relay.yaml")
        asleep = postern_container("relay.yaml")["lifecycle"]["preStop"]["sleep"]["seconds"]
        drain = self.relay_config().get("delivery", {}).get("drain", "10s")
        self.assertLess(asleep + seconds(drain), spec["terminationGracePeriodSeconds"])

    def test_a_spool_that_goes_with_the_pod_is_drained(self):
        spool = next(v for v in pod("sidecar.yaml")["volumes"] if v["name"] == "spool")
        self.assertIn("emptyDir", spool)
        self.assertEqual(environment("sidecar.yaml")["POSTERN_DELIVERY_DRAIN_QUEUE"], "true")

    def test_the_sidecar_serves_its_pod_alone(self):
        self.assertTrue(environment("sidecar.yaml")["POSTERN_LISTEN_ADDRESS"].startswith("127.0.0.1:"))
        port = int(environment("sidecar.yaml")["POSTERN_LISTEN_ADDRESS"].rsplit(":", 1)[1])
        allowed = {s["name"]: int(s["value"]) for s in pod("sidecar.yaml")["securityContext"]["sysctls"]}
        self.assertGreaterEqual(port, allowed[SAFE_SYSCTL])

    def test_services_budget_and_policy_choose_the_pods(self):
        labels = workload("relay.yaml")["spec"]["template"]["metadata"]["labels"]
        self.assertEqual(workload("relay.yaml")["spec"]["selector"]["matchLabels"], labels)
        for service in of_kind("relay.yaml", "Service"):
            self.assertEqual(service["spec"]["selector"], labels)
            for port in service["spec"]["ports"]:
                named = {p["name"] for p in postern_container("relay.yaml")["ports"]}
                self.assertIn(port["targetPort"], named)
        for kind, field in (("PodDisruptionBudget", "selector"), ("NetworkPolicy", "podSelector")):
            self.assertEqual(of_kind("relay.yaml", kind)[0]["spec"][field]["matchLabels"], labels)
        names = {s["metadata"]["name"] for s in of_kind("relay.yaml", "Service")}
        self.assertIn(workload("relay.yaml")["spec"]["serviceName"], names)

    @staticmethod
    def relay_config():
        return yaml.safe_load(of_kind("relay.yaml", "ConfigMap")[0]["data"]["postern.yaml"])


class Accepted(unittest.TestCase):
    """postern itself reads what the manifests give it, with the secrets where the mounts put them."""

    def check(self, config, environment):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(config)
            file.flush()
            done = subprocess.run(
                [ROOT / "build" / "release" / "postern", "check", *(["-c", file.name] if config else [])],
                env=environment,
                capture_output=True,
                text=True,
                timeout=30,
                check=False,
            )
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def setUp(self):
        self.directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        (self.directory / "password").write_text("secret")

    @unittest.skipIf(pathlib.Path("/etc/postern/postern.yaml").exists(), "this machine has a configuration")
    def test_the_environment_of_the_sidecar(self):
        given = {name: value or "AKIAEXAMPLE" for name, value in environment("sidecar.yaml").items()}
        given["RELAYHOST_PASSWORD_FILE"] = str(self.directory / "password")
        self.check("", given)

    def test_the_configuration_of_the_relay(self):
        subprocess.run(
            ["openssl", "genpkey", "-algorithm", "RSA", "-out", self.directory / "dkim.pem"],
            check=True,
            capture_output=True,
        )
        config = of_kind("relay.yaml", "ConfigMap")[0]["data"]["postern.yaml"]
        config = config.replace("/run/secrets/postern", str(self.directory))
        self.check(config, {"SES_SMTP_USERNAME": "AKIAEXAMPLE"})
