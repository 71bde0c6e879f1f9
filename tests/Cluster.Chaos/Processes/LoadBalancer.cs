using Lockstep.Testing;

namespace Lockstep.Cluster.Chaos.Processes;

/// <summary>Debian's nginx in front of all gateways, with its own way to deal with those that are not there.</summary>
internal sealed class LoadBalancer : IAsyncDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("lockstep-nginx-").FullName;
    private readonly ProgramProcess nginx;

    private LoadBalancer(IEnumerable<Uri> gateways)
    {
        var port = FreePorts.Take(1)[0];
        Url = new Uri($"http://127.0.0.1:{port}");
        var file = Path.Combine(directory, "nginx.conf");
        File.WriteAllText(file, $$"""
            daemon off;
            pid {{directory}}/pid;
            error_log stderr;
            {{(Environment.UserName is "root" ? "user root;" : "")}}
            worker_processes 1;
            events { worker_connections 1024; }
            http {
              access_log off;
              client_body_temp_path {{directory}}/body;
              proxy_temp_path {{directory}}/proxy;
              fastcgi_temp_path {{directory}}/fastcgi;
              uwsgi_temp_path {{directory}}/uwsgi;
              scgi_temp_path {{directory}}/scgi;
              upstream gateways {
                {{string.Join("\n    ", gateways.Select(static gateway => $"server {gateway.Authority} max_fails=0;"))}}
                keepalive 16;
              }
              server {
                listen 127.0.0.1:{{port}};
                location / {
                  proxy_pass http://gateways;
                  proxy_http_version 1.1;
                  proxy_set_header Connection "";
                  proxy_set_header Host $http_host;
                }
              }
            }
            """);
        nginx = new ProgramProcess([Program!, "-e", "stderr", "-p", directory, "-c", file]);
    }

    /// <summary>Null when there is an nginx; else why not.</summary>
    public static string? Missing => Program is null ? "nginx is not here (Debian: apt-get install nginx)" : null;

    public Uri Url { get; }

    public string Output => nginx.Output;

    private static string? Program => ((string[])["/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/sbin/nginx"]).FirstOrDefault(File.Exists);

    public static async Task<LoadBalancer> StartAsync(IEnumerable<Uri> gateways)
    {
        var balancer = new LoadBalancer(gateways);
        using var http = new HttpClient();
        await Condition.HoldsAsync(
            async () =>
            {
                try
                {
                    using var answer = await http.GetAsync(new Uri(balancer.Url, "/v1/"));
                    return answer.IsSuccessStatusCode;
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            },
            $"nginx answers: {balancer.Output}");
        return balancer;
    }

    /// <summary>By SIGTERM, so that its workers end too.</summary>
    public async ValueTask DisposeAsync()
    {
        nginx.Terminate();
        await nginx.EndAsync();
        nginx.Dispose();
        Directory.Delete(directory, recursive: true);
    }
}
