using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Lockstep.Silo.Hosting;

namespace Lockstep.Silo.Doctor;

/// <summary>
/// Asks the server's own public URL: whether it is reached, the certificate, the clock, and what a proxy sends on. For the last it listens in the server's place for a moment, if the server does not
/// run.
/// </summary>
internal sealed class PublicUrlExamination(LockstepOptions options, TimeProvider time)
{
    private const string Parameter = "doctor";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Soon = TimeSpan.FromDays(14);

    // The header counts whole seconds, and the answer takes a while.
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromSeconds(5);

    private readonly TaskCompletionSource<SeenRequest> arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public async Task<IReadOnlyList<Diagnosis>> ExamineAsync(CancellationToken cancellationToken)
    {
        if (options.Http.PublicUrl is null || !options.HasApi)
        {
            return [];
        }

        var nonce = Guid.NewGuid().ToString("N");
        await using var listener = await ListenAsync(nonce, cancellationToken);
        var found = new List<Diagnosis>();
        X509Certificate2? certificate = null;
        var fault = SslPolicyErrors.None;
        using var handler = new SocketsHttpHandler { AllowAutoRedirect = false };
#pragma warning disable CA5359 // What is wrong with it is said below; the rest is to be seen all the same. Nothing secret is sent.
        handler.SslOptions.RemoteCertificateValidationCallback = (_, offered, _, errors) =>
        {
            (certificate, fault) = (offered is null ? null : new X509Certificate2(offered), errors);
            return true;
        };
#pragma warning restore CA5359
        using var http = new HttpClient(handler) { Timeout = Patience };
        var url = new Uri($"{options.Http.PublicUrl.TrimEnd('/')}/v1/__lbheartbeat__?{Parameter}={nonce}");
        try
        {
            using var response = await http.GetAsync(url, cancellationToken);
            var theirs = response.Headers.Date;
            if (listener is not null && arrived.Task.IsCompleted)
            {
                found.Add(Diagnosis.Ok("public URL", $"{options.Http.PublicUrl} leads here"));
                found.AddRange(ProxyExamination.Examine(options.Http, await arrived.Task, url.AbsolutePath));
            }
            else if (listener is not null)
            {
                found.Add(Diagnosis.Error("public URL", $"{options.Http.PublicUrl} is answered with {(int)response.StatusCode}, and not from {options.Urls}. See where its proxy passes requests on to."));
            }
            else
            {
                found.Add(response.IsSuccessStatusCode
                    ? Diagnosis.Ok("public URL", $"{options.Http.PublicUrl} answers")
                    : Diagnosis.Error("public URL", $"{options.Http.PublicUrl} answers {(int)response.StatusCode}. See where its proxy passes requests on to, and what it logs."));
                found.Add(Diagnosis.Ok("proxy", "the server runs; stop it for a moment and run this again to see what a proxy sends on"));
            }

            if (theirs is { } date)
            {
                found.Add(OfClock(date - time.GetUtcNow()));
            }
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            found.Add(Diagnosis.Error("public URL", $"{options.Http.PublicUrl} does not answer: {e.InnerException?.Message ?? e.Message} Is the name right, the proxy up, and the way from here to it open?"));
        }

        if (certificate is not null)
        {
            found.Add(OfCertificate(new DateTimeOffset(certificate.NotBefore), new DateTimeOffset(certificate.NotAfter), fault, time.GetUtcNow()));
            certificate.Dispose();
        }

        return found;
    }

    /// <param name="ahead">How far the clock of who answers is ahead of this machine's.</param>
    public static Diagnosis OfClock(TimeSpan ahead) => ahead.Duration() > ClockTolerance
        ? Diagnosis.Warning("clock", string.Create(CultureInfo.InvariantCulture, $"who answers at the public URL has a clock that is {ahead.Duration().TotalSeconds:0} s {(ahead > TimeSpan.Zero ? "ahead of" : "behind")} this machine's. Run NTP on both."))
        : Diagnosis.Ok("clock", "agrees with that of who answers at the public URL");

    /// <param name="from">When the certificate begins to hold.</param>
    /// <param name="to">When it ends.</param>
    /// <param name="fault">What else is wrong with it.</param>
    /// <param name="now">The wall clock.</param>
    public static Diagnosis OfCertificate(DateTimeOffset from, DateTimeOffset to, SslPolicyErrors fault, DateTimeOffset now)
    {
        var day = to.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        return to <= now ? Diagnosis.Error("certificate", $"it ended on {day}: clients refuse it. Renew it, and have the proxy load it.")
            : from > now ? Diagnosis.Error("certificate", "it does not hold yet. Is this machine's clock right?")
            : fault.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch) ? Diagnosis.Error("certificate", "it is for another name than the public URL has. Get one for that name.")
            : fault.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors) ? Diagnosis.Error("certificate", "this machine does not trust who has issued it, and neither may clients. Serve the whole chain, or install the issuer where clients run.")
            : to - now < Soon ? Diagnosis.Warning("certificate", $"it ends on {day}. See that it is renewed.")
            : Diagnosis.Ok("certificate", $"holds until {day}");
    }

    /// <returns>Null where the server listens itself, or nobody may.</returns>
    private async Task<WebApplication?> ListenAsync(string nonce, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls([.. options.Urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)]);
        var app = builder.Build();
        app.Run(context =>
        {
            if (context.Request.Query[Parameter] == nonce)
            {
                arrived.TrySetResult(new SeenRequest(
                    context.Connection.RemoteIpAddress, context.Request.Protocol, context.Request.Path,
                    context.Request.Headers.ToDictionary(static header => header.Key, static header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase)));
                return context.Response.WriteAsync("{}", context.RequestAborted);
            }

            // A client of the server that is not up.
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            context.Response.Headers.RetryAfter = "5";
            return Task.CompletedTask;
        });
        try
        {
            await app.StartAsync(cancellationToken);
            return app;
        }
        catch (Exception e) when (e is IOException or SocketException or InvalidOperationException)
        {
            await app.DisposeAsync();
            return null;
        }
    }
}
