using System.Diagnostics;

namespace Lockstep.Storage.S3.Tests;

/// <summary>An S3 server of the tests' own, a process that <c>tests/S3/s3.mjs</c> is. Needs Node.js, and what <c>npm ci</c> installs there.</summary>
public sealed class S3Server : IAsyncLifetime
{
    public const string KeyId = "lockstep";
    public const string Secret = "what-nobody-may-log";

    private Process? process;

    /// <summary>Its bucket.</summary>
    public S3Location Location { get; private set; } = new() { Bucket = "files", Prefix = "tests/", PathStyle = true, KeyId = KeyId, Secret = Secret };

    public async Task InitializeAsync()
    {
        var start = new ProcessStartInfo("node", [ScriptPath()]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        Location = Location with { Endpoint = await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException($"The S3 server does not start; 'npm --prefix tests/S3 ci' installs it: {await errors}") };
    }

    public async Task DisposeAsync()
    {
        if (process is not null)
        {
            process.StandardInput.Close();
            await process.WaitForExitAsync();
            process.Dispose();
        }
    }

    private static string ScriptPath()
    {
        for (var above = new DirectoryInfo(AppContext.BaseDirectory); above is not null; above = above.Parent)
        {
            var path = Path.Combine(above.FullName, "tests", "S3", "s3.mjs");
            if (File.Exists(path))
            {
                return path;
            }
        }

        throw new InvalidOperationException("tests/S3/s3.mjs is not above the tests.");
    }
}
