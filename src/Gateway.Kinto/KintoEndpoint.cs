using Lockstep.Core.Storage;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Http;
using Microsoft.AspNetCore.Connections;

namespace Lockstep.Gateway.Kinto;

/// <summary>Kinto over HTTP: the version prefix, CORS, sign-in, the body, and the answer's headers.</summary>
internal sealed partial class KintoEndpoint(
    KintoExecutor executor,
    KintoBatch batch,
    KintoRouter router,
    AccountDirectory accounts,
    RegistrationPolicy registration,
    Admission admission,
    KintoAnswers answers,
    KintoOptions options,
    HttpOptions http,
    TimeProvider time,
    ILogger<KintoEndpoint> logger)
{
    private const string Prefix = "/v1";

    public async Task HandleAsync(HttpContext context)
    {
        try
        {
            await AnswerAsync(context);
        }
        catch (OperationCanceledException e) when (HasGone(context, e))
        {
            // The client has gone, or the server stops and has cut the connection: nobody is there to be answered.
        }
    }

    private async Task AnswerAsync(HttpContext context)
    {
        try
        {
            await RouteAsync(context);
        }
        catch (BadHttpRequestException e)
        {
            await answers.AnswerAsync(context, KintoErrors.Invalid(e.StatusCode, "header", null, "The request is not valid HTTP."));
        }
        catch (StoreUnavailableException e)
        {
            LogStoreUnavailable(e);
            await answers.AnswerAsync(context, KintoErrors.Unavailable(options.RetryAfter));
        }
        catch (Exception e) when (!HasGone(context, e))
        {
            LogFault(e, context.Request.Method);
            await answers.AnswerAsync(context, KintoErrors.Internal);
        }
    }

    /// <summary>Whether that is how a request ends whose connection has ended.</summary>
    private static bool HasGone(HttpContext context, Exception e) =>
        e is OperationCanceledException
        && (context.RequestAborted.IsCancellationRequested || e is ConnectionAbortedException || e.InnerException is ConnectionAbortedException);

    private Task RouteAsync(HttpContext context)
    {
        var request = context.Request;
        var path = request.Path.Value is { Length: > 0 } value ? value : "/";
        if (TooLong(request) is { } tooLong)
        {
            return answers.AnswerAsync(context, tooLong);
        }

        // :: Step 1: the version prefix.
        if (!path.StartsWith(Prefix + "/", StringComparison.Ordinal))
        {
            if (IsOtherVersion(path))
            {
                return answers.AnswerAsync(context, KintoErrors.VersionNotAvailable);
            }

            return request.Method is "OPTIONS"
                ? answers.PreflightAsync(context, methods: null)
                : answers.RedirectAsync(context, path is Prefix ? Prefix + "/" : Prefix + path);
        }

        path = path[Prefix.Length..];
        if (request.Method is "OPTIONS")
        {
            return answers.PreflightAsync(context, router.Methods(path));
        }

        if (path.Length > 1 && path.EndsWith('/') && router.Methods(path.TrimEnd('/')) is not null)
        {
            context.Response.Headers.CacheControl = "max-age=3600";
            return answers.RedirectAsync(context, Prefix + path.TrimEnd('/'));
        }

        // :: Step 2: is there a service at all, and room for one more.
        if (path is "/__heartbeat__" or "/__lbheartbeat__")
        {
            return AnswerProbeAsync(context, path);
        }

        if (options.Eos is { } eos && time.GetUtcNow() >= eos)
        {
            return answers.AnswerAsync(context, KintoErrors.Create(
                410, KintoErrno.ServiceDeprecated, "Gone", "The service you are trying to connect no longer exists at this location."));
        }

        return ExecuteAsync(context, path);
    }

    /// <summary>Probes are answered when nothing else is, so they read no body, sign nobody in and take no room.</summary>
    private async Task AnswerProbeAsync(HttpContext context, string path)
    {
        var probe = new KintoRequest
        {
            Method = context.Request.Method,
            Path = path,
            Query = QueryParameters.None,
            Header = static _ => null,
            BaseUrl = "",
        };
        await answers.AnswerAsync(context, await executor.ExecuteAsync(probe, context.RequestAborted));
    }

    private async Task ExecuteAsync(HttpContext context, string path)
    {
        var request = context.Request;
        if (!QueryParameters.TryParse(request.QueryString.Value, out var query))
        {
            await answers.AnswerAsync(context, KintoErrors.Invalid("querystring", null, "The query string is not valid UTF-8."));
            return;
        }

        // :: Step 3: who is it, and is there room for him.
        var signIn = await SignInAsync(context, request.Headers.Authorization);
        if (KintoErrors.Refuse(signIn, options) is { } refusal)
        {
            await answers.AnswerAsync(context, refusal);
            return;
        }

        var hasBody = BodyReader.HasBody(context);
        var maxBytes = signIn.Principal is null ? Math.Min(Admission.MaxAnonymousBytes, http.MaxRequestBytes) : http.MaxRequestBytes;
        if (request.ContentLength > maxBytes)
        {
            await answers.AnswerAsync(context, TooLarge(maxBytes));
            return;
        }

        if (admission.TryEnter(signIn.Principal?.Id, hasBody ? request.ContentLength ?? maxBytes : 0) is not { } ticket)
        {
            context.Response.Headers.Connection = "close";
            await answers.AnswerAsync(context, KintoErrors.Unavailable(options.RetryAfter));
            return;
        }

        using (ticket)
        {
            await ExecuteAsync(context, path, query, signIn, hasBody ? maxBytes : 0);
        }
    }

    /// <param name="context">The request.</param>
    /// <param name="path">Without the version.</param>
    /// <param name="query">Decoded.</param>
    /// <param name="signIn">Who it is.</param>
    /// <param name="maxBytes">Bytes the body may have; 0 where none follows.</param>
    private async Task ExecuteAsync(HttpContext context, string path, QueryParameters query, SignIn signIn, int maxBytes)
    {
        // :: Step 4: the body. It can take its time, in which a password can change or an account go: ask again after it.
        var request = context.Request;
        using var body = maxBytes > 0 ? new PooledBuffer((int)Math.Clamp(request.ContentLength ?? 4096, 256, 1 << 20)) : null;
        if (body is not null)
        {
            if (await BodyReader.ReadAsync(request, body, maxBytes, time) is > 0 and var status)
            {
                context.Response.Headers.Connection = "close";
                await answers.AnswerAsync(context, status switch
                {
                    StatusCodes.Status413PayloadTooLarge => TooLarge(maxBytes),
                    StatusCodes.Status408RequestTimeout => KintoErrors.Invalid(408, "body", null, "The body arrived too slowly."),
                    _ => KintoErrors.Invalid(400, "body", null, "The body could not be read."),
                });
                return;
            }

            // Only who was right before: a wrong password counts once.
            signIn = signIn.Principal is null ? signIn : await SignInAsync(context, request.Headers.Authorization);
            if (KintoErrors.Refuse(signIn, options) is { } refusal)
            {
                await answers.AnswerAsync(context, refusal);
                return;
            }
        }

        // :: Step 5: do it.
        var kinto = new KintoRequest
        {
            Method = request.Method,
            Path = path,
            Query = query,
            Header = name => request.Headers.TryGetValue(name, out var value) ? value.ToString() : null,
            Body = body?.Written ?? default,
            Principal = signIn.Principal,
            MayRegister = registration.Allows(context),
            BaseUrl = PublicUrls.Base(request, http) + Prefix,
        };
        var response = path is KintoBatch.Route
            ? await batch.ExecuteAsync(kinto, credentials => SignInAsync(context, credentials), context.RequestAborted)
            : await executor.ExecuteAsync(kinto, context.RequestAborted);
        var user = signIn.Principal?.Id;
        if (!admission.TryAnswer(user, response.Size))
        {
            // A write may have been done, so that nobody is asked to repeat it blindly.
            await answers.AnswerAsync(context, KintoErrors.Unavailable(
                kinto.IsRead ? options.RetryAfter : null, "Too many answers are on their way. If this was a write, read before you write again."));
            return;
        }

        try
        {
            await answers.AnswerAsync(context, response, isPrivate: user is not null);
        }
        finally
        {
            admission.EndAnswer(user, response.Size);
        }
    }

    private ValueTask<SignIn> SignInAsync(HttpContext context, string? credentials) => accounts.SignInAsync(
        credentials, context.Connection.RemoteIpAddress, context.RequestAborted);

    private KintoResponse? TooLong(HttpRequest request)
    {
        var total = 0;
        foreach (var (name, values) in request.Headers)
        {
            total += name.Length;
            for (var i = 0; i < values.Count; i++)
            {
                total += values[i]?.Length ?? 0;
            }
        }

        return total > http.MaxHeaderBytes
            ? KintoErrors.Invalid(431, "header", null, $"The headers may have {http.MaxHeaderBytes} bytes.")
            : (request.Path.Value?.Length ?? 0) + (request.QueryString.Value?.Length ?? 0) > http.MaxHeaderBytes
                ? KintoErrors.Invalid(414, "path", null, $"The URL may have {http.MaxHeaderBytes} bytes.")
                : null;
    }

    private static KintoResponse TooLarge(int maxBytes) => KintoErrors.TooLarge($"The body of a request may have {maxBytes} bytes.");

    /// <summary><c>/v0/…</c>, <c>/v2</c>: a version, but not this one.</summary>
    private static bool IsOtherVersion(string path)
    {
        var end = path.IndexOf('/', 1);
        var first = path.AsSpan(1, (end < 0 ? path.Length : end) - 1);
        return first.Length > 1 && first[0] == 'v' && first is not "v1" && !first[1..].ContainsAnyExceptInRange('0', '9');
    }

    [LoggerMessage(1, LogLevel.Error, "A {Method} request failed.")]
    private partial void LogFault(Exception exception, string method);

    [LoggerMessage(2, LogLevel.Warning, "The storage did not answer.")]
    private partial void LogStoreUnavailable(Exception exception);
}
