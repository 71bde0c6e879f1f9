namespace Lockstep.EndToEnd;

/// <summary>A program of Debian that stands in front of servers, and what it needs around the configuration of docs/operations/proxies.md.</summary>
/// <param name="Language">How the page marks its block.</param>
/// <param name="Package">Debian's.</param>
/// <param name="Program">Where that puts it.</param>
/// <param name="Around">From the configuration, and a directory of its own, to the text of a whole file.</param>
/// <param name="Arguments">From the file, and that directory, to the command line.</param>
public sealed record ProxyKind(string Language, string Package, string Program, Func<string, string, string> Around, Func<string, string, string[]> Arguments)
{
    public static readonly ProxyKind Nginx = new(
        "nginx", "nginx-light", "/usr/sbin/nginx",
        static (configuration, directory) =>
            $$"""
            daemon off;
            pid {{directory}}/pid;
            error_log stderr;
            {{(Environment.UserName is "root" ? "user root;" : "")}}
            worker_processes 1;
            events { worker_connections 256; }
            http {
              access_log off;
              client_body_temp_path {{directory}}/body;
              proxy_temp_path {{directory}}/proxy;
              fastcgi_temp_path {{directory}}/fastcgi;
              uwsgi_temp_path {{directory}}/uwsgi;
              scgi_temp_path {{directory}}/scgi;
              {{configuration}}
            }
            """,
        static (file, directory) => ["-e", "stderr", "-p", directory, "-c", file]);

    public static readonly ProxyKind Caddy = new(
        "caddyfile", "caddy", "/usr/bin/caddy",
        static (configuration, _) => "{\n  admin off\n  auto_https disable_redirects\n}\n" + configuration,
        static (file, _) => ["run", "--config", file, "--adapter", "caddyfile"]);

    public static readonly ProxyKind Apache = new(
        "apache", "apache2", "/usr/sbin/apache2",
        static (configuration, directory) =>
            $$"""
            ServerRoot {{directory}}
            ServerName localhost
            PidFile {{directory}}/pid
            DefaultRuntimeDir {{directory}}
            Mutex default:{{directory}}
            ErrorLog /dev/stderr
            LogLevel warn
            {{(Environment.UserName is "root" ? "User www-data\nGroup www-data" : "")}}
            {{string.Join('\n', new[] { "mpm_event", "authz_core", "headers", "ssl", "http2", "proxy", "proxy_http" }.Select(static name => $"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so"))}}
            Listen 127.0.0.1:443
            {{configuration}}
            """,
        static (file, directory) => ["-d", directory, "-f", file, "-D", "FOREGROUND"]);

    public static readonly ProxyKind HaProxy = new(
        "haproxy", "haproxy", "/usr/sbin/haproxy",
        static (configuration, _) => configuration + "\n",
        static (file, _) => ["-db", "-f", file]);

    public static IReadOnlyList<ProxyKind> All { get; } = [Nginx, Caddy, Apache, HaProxy];
}
