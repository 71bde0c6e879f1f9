using System.Globalization;
using System.Text.Json;
using Lockstep.Gateway.Http;
using Microsoft.Net.Http.Headers;

namespace Lockstep.Gateway.Kinto;

/// <summary>Puts answers on the wire: status, the headers that all of them carry, CORS, the body.</summary>
internal sealed class KintoAnswers(Drain drain, KintoOptions options, HttpOptions http, TimeProvider time)
{
    /// <param name="context">The request.</param>
    /// <param name="response">The answer.</param>
    /// <param name="isPrivate">Whether it is for the caller alone, and so for no cache.</param>
    public async Task AnswerAsync(HttpContext context, KintoResponse response, bool isPrivate = true)
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
        if (response.Length is { } length)
        {
            // Straight into the connection's buffers, which are there once the response has begun.
            headers.ContentLength = length;
            if (context.Request.Method is not "HEAD")
            {
                await context.Response.StartAsync(context.RequestAborted);
                response.Body(context.Response.BodyWriter);
                await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
            }

            return;
        }

        using var buffer = PooledBuffer.For(response.Size);
        response.Body(buffer);
        headers.ContentLength = buffer.Length;
        if (context.Request.Method is "HEAD")
        {
            return;
        }

        await context.Response.BodyWriter.WriteAsync(buffer.Written, context.RequestAborted);
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
    public Task PreflightAsync(HttpContext context, string? methods)
    {
        var request = context.Request.Headers;
        if (request.Origin.Count == 0 || request.AccessControlRequestMethod.Count == 0)
        {
            return AnswerAsync(context, KintoErrors.Invalid("header", "Origin", "A preflight needs Origin and Access-Control-Request-Method."));
        }

        var headers = context.Response.Headers;
        headers.AccessControlAllowMethods = methods ?? "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
        headers.AccessControlAllowHeaders = request.AccessControlRequestHeaders.ToString() is { Length: > 0 } asked && asked.All(c => c is >= ' ' and <= '~')
            ? asked
            : "Content-Type, Authorization, If-Match, If-None-Match";
        headers.AccessControlMaxAge = options.CorsMaxAge.ToString(CultureInfo.InvariantCulture);
        return AnswerAsync(context, new KintoResponse(200) { Body = static output => System.Buffers.BuffersExtensions.Write(output, "null"u8) }, isPrivate: false);
    }

    public Task RedirectAsync(HttpContext context, string path)
    {
        context.Response.StatusCode = StatusCodes.Status307TemporaryRedirect;
        WriteCommonHeaders(context);
        var target = new PathString(path).ToUriComponent() + Escape(context.Request.QueryString.ToUriComponent());
        context.Response.Headers.Location = http.PublicUrl is null
            ? context.Request.PathBase.ToUriComponent() + target
            : PublicUrls.Base(context.Request, http) + target;
        context.Response.Headers.ContentLength = 0;
        return Task.CompletedTask;
    }

    /// <summary>A query as it came may hold what no header can.</summary>
    private static string Escape(string query) =>
        string.Concat(query.Select(c => c is > ' ' and <= '~' ? c.ToString() : Uri.EscapeDataString(c.ToString())));
}
