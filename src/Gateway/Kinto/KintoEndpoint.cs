using System.Globalization;
using System.Text.Json;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Http;
using Microsoft.Net.Http.Headers;

namespace Lockstep.Gateway.Kinto;

/// <summary>Kinto over HTTP: the version prefix, CORS, sign-in, the body, and the answer's headers.</summary>
internal sealed partial class KintoEndpoint(
    KintoExecutor executor,
    KintoBatch batch,
    KintoRouter router,
    AccountDirectory accounts,
    RegistrationPolicy registration,
    Admission admission,
    Drain drain,
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
            await RouteAsync(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to be answered.
        }
        catch (BadHttpRequestException e)
        {
            await AnswerAsync(context, KintoErrors.Invalid(e.StatusCode, "header", null, "The request is not valid HTTP."));
        }
        catch (StoreUnavailableException e)
        {
            LogStoreUnavailable(e);
            await AnswerAsync(context, KintoErrors.Unavailable(options.RetryAfter));
        }
        catch (Exception e)
        {
            LogFault(e, context.Request.Method);
            await AnswerAsync(context, KintoErrors.Internal);
        }
    }

    private Task RouteAsync(HttpContext context)
    {
        var request = context.Request;
        var path = request.Path.Value is { Length: > 0 } value ? value : "/";
        if (TooLong(request) is { } tooLong)
        {
            return AnswerAsync(context, tooLong);
        }

        // :: Step 1: the version prefix.
        if (!path.StartsWith(Prefix + "/", StringComparison.Ordinal))
        {
            if (IsOtherVersion(path))
            {
                return AnswerAsync(context, KintoErrors.VersionNotAvailable);
            }

            return HttpMethods.IsOptions(request.Method)
                ? PreflightAsync(context, methods: null)
                : RedirectAsync(context, path is Prefix ? Prefix + "/" : Prefix + path);
        }

        path = path[Prefix.Length..];
        if (HttpMethods.IsOptions(request.Method))
        {
            return PreflightAsync(context, router.Methods(path));
        }

        if (path.Length > 1 && path.EndsWith('/') && router.Methods(path.TrimEnd('/')) is not null)
        {
            context.Response.Headers.CacheControl = "max-age=3600";
            return RedirectAsync(context, Prefix + path.TrimEnd('/'));
        }

        // :: Step 2: is there a service at all, and room for one more.
        if (path is "/__heartbeat__" or "/__lbheartbeat__")
        {
            return ExecuteAsync(context, path);
        }

        if (options.Eos is { } eos && time.GetUtcNow() >= eos)
        {
            return AnswerAsync(context, KintoErrors.Create(
                410, KintoErrno.ServiceDeprecated, "Gone", "The service you are trying to connect no longer exists at this location."));
        }

        return AdmitAsync(context, path);
    }

    private async Task AdmitAsync(HttpContext context, string path)
    {
        var length = BodyReader.HasBody(context) ? context.Request.ContentLength : 0;
        if (length > http.MaxRequestBytes)
        {
            await AnswerAsync(context, TooLarge());
            return;
        }

        if (admission.TryEnter(length) is not { } ticket)
        {
            context.Response.Headers.Connection = "close";
            await AnswerAsync(context, KintoErrors.Unavailable(options.RetryAfter));
            return;
        }

        using (ticket)
        {
            await ExecuteAsync(context, path);
        }
    }

    private async Task ExecuteAsync(HttpContext context, string path)
    {
        var request = context.Request;
        if (!QueryParameters.TryParse(request.QueryString.Value, out var query))
        {
            await AnswerAsync(context, KintoErrors.Invalid("querystring", null, "The query string is not valid UTF-8."));
            return;
        }

        // :: Step 3: who is it.
        var signIn = await SignInAsync(context, request.Headers.Authorization);
        if (KintoErrors.Refuse(signIn, options) is { } refusal)
        {
            await AnswerAsync(context, refusal);
            return;
        }

        // :: Step 4: the body, for those who may send one.
        using var body = BodyReader.HasBody(context)
            ? new PooledBuffer((int)Math.Clamp(request.ContentLength ?? 4096, 256, 1 << 20))
            : null;
        if (body is not null && await BodyReader.ReadAsync(request, body, http.MaxRequestBytes, context.RequestAborted) is > 0 and var status)
        {
            context.Response.Headers.Connection = "close";
            await AnswerAsync(context, status switch
            {
                StatusCodes.Status413PayloadTooLarge => TooLarge(),
                StatusCodes.Status408RequestTimeout => KintoErrors.Invalid(408, "body", null, "The body arrived too slowly."),
                _ => KintoErrors.Invalid(400, "body", null, "The body could not be read."),
            });
            return;
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
        await AnswerAsync(context, response, isPrivate: signIn.Principal is not null);
    }

    private ValueTask<SignIn> SignInAsync(HttpContext context, string? credentials) => accounts.SignInAsync(
        credentials, context.Connection.RemoteIpAddress, context.RequestAborted);

    private async Task AnswerAsync(HttpContext context, KintoResponse response, bool isPrivate = true)
    {
        if (context.Response.HasStarted)
        {
            context.Abort();
            return;
        }

        var headers = context.Response.Headers;
        context.Response.StatusCode = response.Status;
        WriteCommonHeaders(context);
        if (drain.IsDraining)
        {
            headers.Connection = "close";
        }

        headers.XContentTypeOptions = "nosniff";
        headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'; base-uri 'none';";
        if (isPrivate || response.Status >= 400)
        {
            headers.CacheControl = "no-cache, no-store";
        }

        if (response.Stamp is { } stamp)
        {
            headers.ETag = KintoResponse.ETag(stamp);
            headers.LastModified = KintoResponse.LastModified(stamp);
        }

        foreach (var (name, value) in response.Headers)
        {
            headers.Append(name, value);
        }

        if (KintoHeaders.Backoff(response, options) is { } backoff)
        {
            headers["Backoff"] = backoff;
        }

        if (response.Body is null)
        {
            if (response.Status != StatusCodes.Status304NotModified)
            {
                headers.ContentLength = 0;
            }

            return;
        }

        headers.ContentType = ContentTypes.Json;
        using var buffer = new PooledBuffer(4096);
        response.Body(buffer);
        headers.ContentLength = buffer.Length;
        if (HttpMethods.IsHead(context.Request.Method))
        {
            return;
        }

        admission.CountAnswer(buffer.Length);
        try
        {
            await context.Response.BodyWriter.WriteAsync(buffer.Written, context.RequestAborted);
        }
        finally
        {
            admission.CountAnswer(-buffer.Length);
        }
    }

    private void WriteCommonHeaders(HttpContext context)
    {
        var headers = context.Response.Headers;
        if (context.Request.Headers.Origin.Count > 0 && options.CorsOrigin.Length > 0)
        {
            headers.AccessControlAllowOrigin = options.CorsOrigin;
            headers.AccessControlExposeHeaders = KintoHeaders.Exposed;
            if (options.CorsOrigin is not "*")
            {
                headers.Vary = HeaderNames.Origin;
            }
        }

        if (options.Eos is { } eos)
        {
            headers["Alert"] = JsonSerializer.Serialize(new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["code"] = time.GetUtcNow() >= eos ? "hard-eol" : "soft-eol",
                ["message"] = options.EosMessage,
                ["url"] = options.EosUrl ?? options.ProjectDocs,
            });
        }
    }

    /// <param name="context">The request.</param>
    /// <param name="methods">Of the resource; null when there is none at that path, which a preflight need not know.</param>
    private Task PreflightAsync(HttpContext context, string? methods)
    {
        var request = context.Request.Headers;
        if (request.Origin.Count == 0 || request.AccessControlRequestMethod.Count == 0)
        {
            return AnswerAsync(context, KintoErrors.Invalid("header", "Origin", "A preflight needs Origin and Access-Control-Request-Method."));
        }

        var headers = context.Response.Headers;
        headers.AccessControlAllowMethods = methods ?? "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
        headers.AccessControlAllowHeaders = request.AccessControlRequestHeaders.Count > 0
            ? request.AccessControlRequestHeaders
            : "Content-Type, Authorization, If-Match, If-None-Match";
        headers.AccessControlMaxAge = options.CorsMaxAge.ToString(CultureInfo.InvariantCulture);
        return AnswerAsync(context, new KintoResponse(200) { Body = static output => System.Buffers.BuffersExtensions.Write(output, "null"u8) }, isPrivate: false);
    }

    private Task RedirectAsync(HttpContext context, string path)
    {
        context.Response.StatusCode = StatusCodes.Status307TemporaryRedirect;
        WriteCommonHeaders(context);
        var target = new PathString(path).ToUriComponent() + context.Request.QueryString.ToUriComponent();
        context.Response.Headers.Location = http.PublicUrl is null
            ? context.Request.PathBase.ToUriComponent() + target
            : PublicUrls.Base(context.Request, http) + target;
        context.Response.Headers.ContentLength = 0;
        return Task.CompletedTask;
    }

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

    private KintoResponse TooLarge() => KintoErrors.TooLarge($"The body of a request may have {http.MaxRequestBytes} bytes.");

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
