using System.Diagnostics;
using System.Globalization;
using System.Text;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Routing;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;

namespace Lockstep.Gateway.Pipeline;

/// <summary>
/// Answers, in the protocol's shape, requests that the HTTP server refuses because it cannot read them: NUL in a path, an invalid
/// header, a line that is far too long. By itself the server sends a bare status, which web pages may not see.
/// </summary>
/// <remarks>
/// The server reports such requests through the <see cref="DiagnosticSource"/> among the services, and reports nothing else there. It does
/// so before it writes its own answer, and then closes the connection (Kestrel: BadRequest event logging).
/// </remarks>
internal sealed class RefusedRequests(IServiceProvider services, TimeProvider time) : DiagnosticSource
{
    private const string BadRequest = "Microsoft.AspNetCore.Server.Kestrel.BadRequest";

    // Lazy, because protocols may need services that are created after the server.
    private readonly Lazy<ProtocolMap> map = new(() => new ProtocolMap(services.GetServices<IProtocolEndpoint>()));

    public override bool IsEnabled(string name) => string.Equals(name, BadRequest, StringComparison.Ordinal);

    public override void Write(string name, object? value)
    {
        if (value is not IFeatureCollection features
            || features.Get<ConnectionOutput>() is not { } output
            || features.Get<IHttpResponseFeature>() is not { HasStarted: false, StatusCode: var status })
        {
            return;
        }

        // Only the request line was read, and maybe not all of it.
        var request = features.Get<IHttpRequestFeature>();
        var target = request?.RawTarget ?? "";
        var question = target.IndexOf('?', StringComparison.Ordinal);
        if (map.Value.Find(RequestPath.Parse(question < 0 ? target : target[..question])) is { } endpoint)
        {
            var headers = new HeaderDictionary();
            var answer = endpoint.Refuse(new Refusal.BadHttp(status), headers);
            using var bytes = new PooledBuffer();
            Write(bytes, answer, headers, withBody: request?.Method is not "HEAD");
            output.End(bytes.Written.Span);
        }
    }

    private void Write(PooledBuffer output, Answer answer, HeaderDictionary headers, bool withBody)
    {
        using var body = new PooledBuffer();
        answer.Body?.Invoke(body);
        var head = new StringBuilder()
            .Append(CultureInfo.InvariantCulture, $"HTTP/1.1 {answer.Status} {ReasonPhrases.GetReasonPhrase(answer.Status)}\r\n")
            .Append(CultureInfo.InvariantCulture, $"Content-Length: {body.Length}\r\nConnection: close\r\nDate: {time.GetUtcNow():R}\r\n");
        foreach (var (name, values) in headers)
        {
            foreach (var value in values)
            {
                head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
            }
        }

        Encoding.ASCII.GetBytes(head.Append("\r\n").ToString(), output);
        if (withBody)
        {
            System.Buffers.BuffersExtensions.Write(output, body.Written.Span);
        }
    }
}
