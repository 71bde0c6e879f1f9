using Lockstep.Core.Storage;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Routing;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace Lockstep.Gateway.Pipeline;

/// <summary>
/// The way of every request through a protocol. What can be refused without work is refused first; room is counted for each
/// user, so that who asks is known before it is taken, and it is taken before the body is read.
/// <list type="number">
/// <item>URL and headers are of a size that may be.</item>
/// <item>The resource and its method: preflights, redirects, 404, 405. Probes are answered here.</item>
/// <item>The query can be read, and the body's coding is known.</item>
/// <item>Who asks.</item>
/// <item>Whom room is counted for, and how long the body may be.</item>
/// <item>The body, for which room is taken as it comes, decoded; then who asks once more, and room for the request.</item>
/// <item>Whether they may come in.</item>
/// <item>The handler, which asks for room before it loads anything large.</item>
/// <item>Room for the answer where the handler has not asked, and the answer.</item>
/// </list>
/// </summary>
internal sealed class ProtocolEndpoint<THandler>(
    IProtocol<THandler> protocol,
    Admission admission,
    AnswerWriter answers,
    Drain drain,
    HttpOptions http,
    TimeProvider time,
    ILoggerFactory loggers) : IProtocolEndpoint
{
    private readonly ILogger logger = loggers.CreateLogger($"Lockstep.Gateway.{protocol.Name}");

    public string Name => protocol.Name;

    public IReadOnlyList<string> Prefixes => protocol.Prefixes;

    public bool AnswersUnknownPaths => protocol.AnswersUnknownPaths;

    public bool SharesPrefixes => protocol.SharesPrefixes;

    public bool Takes(HttpRequest? request, RequestPath path) => protocol.Takes(request, protocol.Resources.Match(path));

    public Task HandleAsync(HttpContext context, string prefix, RequestPath path) =>
        GuardedAsync(context, () => RouteAsync(context, prefix, path));

    public Task HandleUnknownAsync(HttpContext context) =>
        GuardedAsync(context, () => AnswerAsync(context, protocol.RefuseUnknown(context.Request)));

    public Answer Refuse(Refusal refusal, IHeaderDictionary headers)
    {
        protocol.AddHeaders(request: null, headers);
        var answer = protocol.Refuse(refusal);
        foreach (var (name, value) in answer.Headers)
        {
            headers.Append(name, value);
        }

        return answer;
    }

    private async Task GuardedAsync(HttpContext context, Func<Task> handle)
    {
        try
        {
            try
            {
                // :: Step 1
                await (TooLong(context.Request) is { } refusal ? RefuseAsync(context, refusal) : handle());
            }
            catch (BadHttpRequestException e)
            {
                await InsteadAsync(context, new Refusal.BadHttp(e.StatusCode));
            }
            catch (StoreUnavailableException e)
            {
                logger.StoreUnavailable(e);
                await InsteadAsync(context, new Refusal.StoreUnavailable());
            }
            catch (Exception e) when (!HasGone(context, e))
            {
                logger.RequestFailed(e, context.Request.Method);
                await InsteadAsync(context, new Refusal.Fault());
            }
        }
        catch (OperationCanceledException e) when (HasGone(context, e))
        {
            // The client has gone, or the server stops and has cut the connection: nobody is there to be answered.
        }
    }

    private async Task RouteAsync(HttpContext context, string prefix, RequestPath path)
    {
        // :: Step 2
        var request = context.Request;
        var match = protocol.Resources.Match(path);
        if (match is not null)
        {
            context.Features.Set(new MatchedRoute(prefix + match.Resource.Template.Text));
        }

        if (request.Method is "OPTIONS")
        {
            await AnswerAsync(context, protocol.Preflight(request, match?.Resource.Allow));
            return;
        }

        if (protocol.Intercept(request, path, match) is { } instead)
        {
            await AnswerAsync(context, instead);
            return;
        }

        if (match?.Resource.Find(request.Method) is not { } method)
        {
            await RefuseAsync(context, match is null ? new Refusal.NoResource() : new Refusal.NoMethod(match.Resource.Allow));
            return;
        }

        var origin = new SignInRequest(Header(request, "Authorization"), context.Connection.RemoteIpAddress)
        {
            Method = request.Method,
            Target = PublicUrls.Target(request, context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? ""),
            Host = request.Host.Value ?? "",
            IsHttps = request.IsHttps,
        };
        var about = new ProtocolRequest
        {
            Http = context,
            Path = path,
            Values = match.Values,
            BaseUrl = PublicUrls.Base(request, http) + prefix,
            SignInAsync = (authorization, cancellationToken) => protocol.Schemes.SignInAsync(origin with { Authorization = authorization }, cancellationToken),
        };
        if (method.Access == Access.Probe)
        {
            using var none = admission.RoomForAnswer("");
            about.Room = none;
            await AnswerAsync(context, await protocol.ExecuteAsync(method, about, context.RequestAborted));
            return;
        }

        // :: Step 3
        if (!QueryParameters.TryParse(request.QueryString.Value, out var query))
        {
            await RefuseAsync(context, new Refusal.BadQuery());
            return;
        }

        if (RefuseCoding(method, context) is { } coded)
        {
            await RefuseAsync(context, coded);
            return;
        }

        about.Query = query;
        await EnterAsync(method, about);
    }

    private async Task EnterAsync(ResourceMethod<THandler> method, ProtocolRequest about)
    {
        // :: Step 4
        var (context, request) = (about.Http, about.Http.Request);
        await SignInAsync(about);
        if (Refuse(about.SignIn) is { } refusal)
        {
            await RefuseAsync(context, refusal);
            return;
        }

        // :: Step 5
        var maxBytes = BodyReader.HasBody(context) ? MaxBytes(method, about.SignIn) : 0;
        if (maxBytes > 0 && request.ContentLength > maxBytes)
        {
            await RefuseAsync(context, new Refusal.BodyTooLarge(maxBytes));
            return;
        }

        about.Who = Admission.Whose(about.SignIn.Principal, context.Connection.RemoteIpAddress);
        await (maxBytes > 0 ? ReadAsync(method, about, maxBytes) : WorkAsync(method, about));
    }

    /// <summary>Nothing of the request was done, and its body, if it has one, is not read on.</summary>
    private Task RefuseRoomAsync(HttpContext context)
    {
        context.Response.Headers.Connection = "close";
        return RefuseAsync(context, new Refusal.NoRoom());
    }

    private async Task ReadAsync(ResourceMethod<THandler> method, ProtocolRequest about, int maxBytes)
    {
        // :: Step 6. It can take its time, in which a password can change or an account go: ask again after it.
        var (context, request) = (about.Http, about.Http.Request);
        using var room = admission.TryReceive(about.Who);
        var first = PooledBuffer.CapacityFor((int)Math.Min(request.ContentLength ?? maxBytes, BodyReader.FirstStep));
        if (room?.TryHold(first) is not true)
        {
            await RefuseRoomAsync(context);
            return;
        }

        using var body = new PooledBuffer(first);
        if (await BodyReader.ReadAsync(request, body, room, maxBytes, http.MinBodyBytesPerSecond, time) is > 0 and var status)
        {
            context.Response.Headers.Connection = "close";
            await RefuseAsync(context, status switch
            {
                StatusCodes.Status413PayloadTooLarge => new Refusal.BodyTooLarge(maxBytes),
                StatusCodes.Status408RequestTimeout => new Refusal.BodyTooSlow(),
                StatusCodes.Status503ServiceUnavailable => new Refusal.NoRoom(),
                _ => new Refusal.BodyBroken(),
            });
            return;
        }

        room.Received();
        if (BodyReader.CodingOf(request) == ContentCoding.Gzip && body.Length > 0)
        {
            await DecodeAsync(method, about, body.Written, room, maxBytes);
        }
        else
        {
            await ReadyAsync(method, about, body.Written);
        }
    }

    /// <summary>Decodes what has come whole: so room for it is taken when it is needed, and not for as long as a slow client sends.</summary>
    private async Task DecodeAsync(ResourceMethod<THandler> method, ProtocolRequest about, ReadOnlyMemory<byte> body, BodyRoom room, int maxBytes)
    {
        var context = about.Http;
        if (GzipBody.DecodedLength(body.Span) is not { } length)
        {
            await RefuseAsync(context, new Refusal.BodyBroken());
            return;
        }

        if (length > maxBytes)
        {
            await RefuseAsync(context, new Refusal.BodyTooLarge(maxBytes));
            return;
        }

        if (!room.TryHold(PooledBuffer.CapacityFor((int)length)))
        {
            await RefuseAsync(context, new Refusal.NoRoom());
            return;
        }

        using var decoded = new PooledBuffer((int)length);
        await (GzipBody.TryDecode(body, decoded, (int)length)
            ? ReadyAsync(method, about, decoded.Written)
            : RefuseAsync(context, new Refusal.BodyBroken()));
    }

    private async Task ReadyAsync(ResourceMethod<THandler> method, ProtocolRequest about, ReadOnlyMemory<byte> body)
    {
        // Only who was right before: a wrong password counts once.
        if (about.SignIn.Principal is not null)
        {
            await SignInAsync(about);
            if (Refuse(about.SignIn) is { } refusal)
            {
                await RefuseAsync(about.Http, refusal);
                return;
            }
        }

        about.Body = body;
        await WorkAsync(method, about);
    }

    private async Task WorkAsync(ResourceMethod<THandler> method, ProtocolRequest about)
    {
        if ((method.Pacing == Pacing.Stream ? admission.TryEnterStream(about.Who) : admission.TryEnter(about.Who)) is not { } place)
        {
            await RefuseRoomAsync(about.Http);
            return;
        }

        using (place)
        {
            await ExecuteAsync(method, about);
        }
    }

    private async Task ExecuteAsync(ResourceMethod<THandler> method, ProtocolRequest about)
    {
        // :: Step 7
        var context = about.Http;
        if (method.Access == Access.SignedIn && about.SignIn.Principal is null)
        {
            await RefuseAsync(context, new Refusal.NotSignedIn());
            return;
        }

        // :: Step 8
        using var room = admission.RoomForAnswer(about.Who);
        about.Room = room;
        if (method.Pacing == Pacing.Stream)
        {
            await StreamAsync(method, about);
            return;
        }

        var answer = await protocol.ExecuteAsync(method, about, context.RequestAborted);

        // :: Step 9: what the handler has not asked for before. It is held until the answer has left.
        await (room.TryEnd(answer.Size)
            ? AnswerAsync(context, answer)
            : RefuseAsync(context, new Refusal.NoRoomForAnswer(context.Request.Method is "GET" or "HEAD")));
    }

    private async Task StreamAsync(ResourceMethod<THandler> method, ProtocolRequest about)
    {
        var context = about.Http;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, drain.Over);
        try
        {
            await AnswerAsync(context, await protocol.ExecuteAsync(method, about, either.Token), either.Token);
        }
        catch (OperationCanceledException) when (drain.Over.IsCancellationRequested && !context.RequestAborted.IsCancellationRequested)
        {
            // The server stops. The client hears that the stream has ended, and goes elsewhere.
            if (!context.Response.HasStarted)
            {
                await RefuseAsync(context, new Refusal.NoRoom());
            }
        }
    }

    private static async ValueTask SignInAsync(ProtocolRequest about) =>
        about.SignIn = await about.SignInAsync(Header(about.Http.Request, "Authorization"), about.Http.RequestAborted);

    /// <summary>Credentials that were not looked at. Wrong ones are none, and may do what anybody may.</summary>
    private static Refusal? Refuse(SignIn signIn) => signIn.Status switch
    {
        SignInStatus.Throttled => new Refusal.TooManyFailures(signIn.RetryAfter),
        SignInStatus.Busy => new Refusal.NoRoom(),
        _ => null,
    };

    /// <returns>Bytes that are read before the handler runs; 0 when none are.</returns>
    private int MaxBytes(ResourceMethod<THandler> method, SignIn signIn) => method.Body is BodyKind.Buffered buffered
        ? Math.Min(
            buffered.MaxBytes ?? int.MaxValue,
            signIn.Principal is null ? Math.Min(Admission.MaxAnonymousBytes, http.MaxRequestBytes) : http.MaxRequestBytes)
        : 0;

    /// <summary>A body that nobody reads may be coded as it likes. A handler that reads it by itself gets it as it came.</summary>
    private static Refusal? RefuseCoding(ResourceMethod<THandler> method, HttpContext context)
    {
        if (method.Body is BodyKind.Nothing || !BodyReader.HasBody(context))
        {
            return null;
        }

        return (BodyReader.CodingOf(context.Request), method.Body) switch
        {
            (ContentCoding.Identity, _) or (ContentCoding.Gzip, BodyKind.Buffered) => null,
            (_, BodyKind.Streamed) => new Refusal.BodyCoded("identity"),
            _ => new Refusal.BodyCoded("gzip"),
        };
    }

    private Refusal? TooLong(HttpRequest request)
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

        return total > http.MaxHeaderBytes ? new Refusal.HeadersTooLarge(http.MaxHeaderBytes)
            : (request.Path.Value?.Length ?? 0) + (request.QueryString.Value?.Length ?? 0) > http.MaxHeaderBytes ? new Refusal.UrlTooLong(http.MaxHeaderBytes)
            : null;
    }

    /// <summary>Refuses where another answer may have been begun.</summary>
    private Task InsteadAsync(HttpContext context, Refusal refusal)
    {
        if (!context.Response.HasStarted)
        {
            context.Response.Clear();
        }

        return RefuseAsync(context, refusal);
    }

    private Task RefuseAsync(HttpContext context, Refusal refusal) => AnswerAsync(context, protocol.Refuse(refusal));

    private Task AnswerAsync(HttpContext context, Answer answer) => AnswerAsync(context, answer, context.RequestAborted);

    private Task AnswerAsync(HttpContext context, Answer answer, CancellationToken cancellationToken)
    {
        if (!context.Response.HasStarted)
        {
            protocol.AddHeaders(context.Request, context.Response.Headers);
        }

        return answers.WriteAsync(context, answer, cancellationToken);
    }

    private static string? Header(HttpRequest request, string name) =>
        request.Headers.TryGetValue(name, out var value) ? value.ToString() : null;

    /// <summary>Whether that is how a request ends whose connection has ended.</summary>
    private static bool HasGone(HttpContext context, Exception e) =>
        e is OperationCanceledException
        && (context.RequestAborted.IsCancellationRequested || e is ConnectionAbortedException || e.InnerException is ConnectionAbortedException);
}
