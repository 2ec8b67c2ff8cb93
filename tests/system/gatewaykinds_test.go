package system

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// gatewayKind is a reverse proxy that asks the service, and the file of deploy/ that shows how.
type gatewayKind struct {
	name, file string
	find       func(t *testing.T) string // the program
	// command starts the program with the file at this path, in a folder of its own.
	command func(program, file string) *exec.Cmd
	// shown is an address in the file, in the file's own spelling of host and port.
	shown func(host, port string) string
	away  int // what a client gets while the service does not answer
	// beside are further files in its folder.
	beside map[string]string
}

func colon(host, port string) string { return host + ":" + port }

var gatewayKinds = []gatewayKind{
	{
		name: "nginx", file: "nginx/auth_request.conf", shown: colon, away: http.StatusServiceUnavailable,
		beside: map[string]string{"nginx.conf": nginxMain},
		find:   func(t *testing.T) string { return program(t, "nginx", "nginx-light") },
		command: func(program, file string) *exec.Cmd {
			dir := filepath.Dir(file)
			return exec.Command(program, "-e", "stderr", "-p", dir, "-c", "nginx.conf")
		},
	},
	{
		name: "envoy", file: "envoy/ext_authz.yaml", away: http.StatusServiceUnavailable, find: envoy,
		shown: func(host, port string) string { return "address: " + host + ", port_value: " + port },
		command: func(program, file string) *exec.Cmd {
			return exec.Command(program, "-c", file, "--disable-hot-restart", "--concurrency", "1", "--log-level", "warning")
		},
	},
	{
		name: "caddy", file: "caddy/Caddyfile", shown: colon, away: http.StatusBadGateway,
		find: func(t *testing.T) string { return program(t, "caddy", "caddy") },
		command: func(program, file string) *exec.Cmd {
			cmd := exec.Command(program, "run", "--config", file)
			cmd.Env = append(os.Environ(), "HOME="+filepath.Dir(file), "XDG_CONFIG_HOME=", "XDG_DATA_HOME=")
			return cmd
		},
	},
}

// envoy finds what scripts/envoy.sh installs.
func envoy(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs("../../bin/envoy/envoy/_bin/envoy")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err == nil {
		return path
	}
	if path, err := exec.LookPath("envoy"); err == nil {
		return path
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("this test needs Envoy: scripts/envoy.sh")
	}
	t.Skip("this test needs Envoy: scripts/envoy.sh")
	return ""
}

// nginxMain is what stands around a file of /etc/nginx/conf.d: one process, all of its files in one folder.
const nginxMain = `
daemon off;
master_process off;
pid nginx.pid;
error_log stderr;
events {}
http {
    access_log off;
    client_max_body_size 8m;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    include auth_request.conf;
}
`
