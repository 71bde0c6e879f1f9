using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Lockstep.Testing;

namespace Lockstep.EndToEnd;

/// <summary>Debian's nginx, with servers that a test says.</summary>
internal sealed class Nginx : IAsyncDisposable
{
    private readonly TemporaryDirectory directory = new();
    private readonly ProgramProcess process;

    /// <param name="servers">Blocks of the section <c>http</c>; in it <c>CERTIFICATE</c> and <c>KEY</c> are files of a certificate for <c>localhost</c>, signed by itself.</param>
    /// <param name="workers">As what user and group its workers run, where it is started by root.</param>
    private Nginx(string servers, string workers)
    {
        var (certificate, key) = (Path.Combine(directory.Path, "certificate.pem"), Path.Combine(directory.Path, "key.pem"));
        WriteCertificate(certificate, key);
        var file = Path.Combine(directory.Path, "nginx.conf");
        File.WriteAllText(file, $$"""
            daemon off;
            pid {{directory.Path}}/pid;
            error_log stderr;
            {{(Environment.UserName is "root" ? $"user {workers};" : "")}}
            worker_processes 1;
            events { worker_connections 256; }
            http {
              access_log off;
              client_body_temp_path {{directory.Path}}/body;
              proxy_temp_path {{directory.Path}}/proxy;
              fastcgi_temp_path {{directory.Path}}/fastcgi;
              uwsgi_temp_path {{directory.Path}}/uwsgi;
              scgi_temp_path {{directory.Path}}/scgi;
              {{servers.Replace("CERTIFICATE", certificate, StringComparison.Ordinal).Replace("KEY", key, StringComparison.Ordinal)}}
            }
            """);

        // Its workers are somebody else.
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(directory.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        }

        process = new ProgramProcess([Program!, "-e", "stderr", "-p", directory.Path, "-c", file]);
    }

    /// <summary>Null where there is an nginx; else why not.</summary>
    public static string? Missing => Program is null ? "nginx is not here (Debian: apt-get install nginx-light)" : null;

    private static string? Program => ((string[])["/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/sbin/nginx"]).FirstOrDefault(File.Exists);

    /// <summary>Starts one, which listens on a port when this returns.</summary>
    public static async Task<Nginx> StartAsync(string servers, int port, string workers = "root")
    {
        var nginx = new Nginx(servers, workers);
        if (!await Listening.BeginsAsync(port))
        {
            await nginx.DisposeAsync();
            throw new InvalidOperationException($"nginx does not listen: {nginx.process.Output}");
        }

        return nginx;
    }

    /// <summary>By SIGTERM, so that its workers end too.</summary>
    public async ValueTask DisposeAsync()
    {
        process.Terminate();
        await process.EndAsync();
        process.Dispose();
        directory.Dispose();
    }

    private static void WriteCertificate(string certificate, string key)
    {
        using var rsa = RSA.Create(2048);
        var now = TimeProvider.System.GetUtcNow();
        using var made = new CertificateRequest("CN=localhost", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        File.WriteAllText(certificate, made.ExportCertificatePem());
        File.WriteAllText(key, rsa.ExportPkcs8PrivateKeyPem());
    }
}
