using Lockstep.Core.Storage;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Routing;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace Lockstep.Gateway.Pipeline;

/// <summary>
/// The path of every request through a protocol. Refusals that need no work come first. Room is charged to each
/// user, so sign-in comes before it, and it is taken before the body is read.
/// <list type="number">
/// <item>URL and headers have a permitted size.</item>
/// <item>The resource and its method exist. Preflights, redirects, 404 and 405 are answered here, and so are probes. What comes too fast from one address is refused, where a setting limits that.</item>
/// <item>The query can be parsed, and the body's coding is known.</item>
/// <item>Sign-in. What comes too fast from one user is refused, where a setting limits that.</item>
/// <item>The party that room is charged to, and the maximal length of the body.</item>
/// <item>The body, decoded. Room for it is taken as it arrives. If that took time, sign-in again. Then a place for the request.</item>
/// <item>Whether the user may use the resource.</item>
/// <item>The handler, which asks for room before it loads anything large.</item>
/// <item>Room for the answer, if the handler has not asked for it, and the answer.</item>
/// </list>
/// The steps do not depend on the type of the handlers, which is the protocol's: code that the runtime shares between such types is slow to start and to
/// resume. For the same reason, steps that usually do not wait are not async methods.
/// </summary>
internal abstract class RequestPipeline(
    string name, Admission admission, AnswerWriter answers, Drain drain, HttpOptions http, TimeProvider time, ILoggerFactory loggers)
{
    private readonly ILogger logger = loggers.CreateLogger($"Lockstep.Gateway.{name}");

    /// <summary>Finds the resource of a request, and continues with <see cref="EnterAsync"/>. The second step.</summary>
    /// <param name="context">The request.</param>
    /// <param name="prefix">The prefix under which it came.</param>
    /// <param name="path">The path below the prefix.</param>
    /// <param name="match">The resource that the path names; null for none.</param>
    protected abstract Task RouteAsync(HttpContext context, string prefix, RequestPath path, object? match);

    /// <summary>Carries out a request. See <see cref="IProtocol{THandler}.ExecuteAsync"/>.</summary>
    protected abstract ValueTask<Answer> ExecuteAsync(ResourceMethod method, ProtocolRequest request, CancellationToken cancellationToken);

    /// <summary>See <see cref="IProtocol{THandler}.RefuseUnknown"/>.</summary>
    protected abstract Answer RefuseUnknown(HttpRequest request);

    /// <inheritdoc cref="IProtocol{THandler}.SignInToStreamAsync"/>
    protected abstract ValueTask<SignIn> SignInToStreamAsync(ProtocolRequest request, CancellationToken cancellationToken);

    /// <summary>See <see cref="IProtocol{THandler}.Refuse"/>.</summary>
    protected abstract Answer Refuse(Refusal refusal);

    /// <summary>See <see cref="IProtocol{THandler}.AddHeaders"/>.</summary>
    protected abstract void AddHeaders(HttpRequest? request, IHeaderDictionary headers);

    /// <summary>Takes a request through all steps, and handles any exception.</summary>
    /// <param name="context">The request.</param>
    /// <param name="prefix">The prefix under which it came; null for none, which is answered with <see cref="RefuseUnknown"/>.</param>
    /// <param name="path">The path below the prefix.</param>
    /// <param name="match">The resource that the path names; null for none.</param>
    protected async Task HandleAsync(HttpContext context, string? prefix, RequestPath path, object? match)
    {
        try
        {
            try
            {
                // :: Step 1
                await (TooLong(context.Request) is { } refusal ? RefuseAsync(context, refusal)
                    : prefix is null ? AnswerAsync(context, RefuseUnknown(context.Request))
                    : RouteAsync(context, prefix, path, match));
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
            // The client has gone, or the server stops and has closed the connection: there is nobody to answer.
        }
    }

    /// <summary>Continues with a request whose resource and method are known. From the third step on.</summary>
    protected Task EnterAsync(ResourceMethod method, ProtocolRequest about)
    {
        var context = about.Http;
        if (method.Access == Access.Probe)
        {
            return ProbeAsync(method, about);
        }

        if (admission.WaitOf(context.Connection.RemoteIpAddress) is { Ticks: > 0 } wait)
        {
            return RefuseRateAsync(context, wait);
        }

        // :: Step 3
        if (!QueryParameters.TryParse(context.Request.QueryString.Value, out var query))
        {
            return RefuseAsync(context, new Refusal.BadQuery());
        }

        if (RefuseCoding(method, context) is { } coded)
        {
            return RefuseAsync(context, coded);
        }

        about.Query = query;

        // :: Step 4
        var signingIn = method.Pacing == Pacing.Stream && about.Http.Request.Headers.Authorization.Count == 0
            ? SignInToStreamAsync(about, about.Http.RequestAborted)
            : SignInAsync(about);
        return signingIn.IsCompletedSuccessfully ? PrepareAsync(method, about, signingIn.Result) : AfterSignInAsync(method, about, signingIn);
    }

    protected Task RefuseAsync(HttpContext context, Refusal refusal) => AnswerAsync(context, Refuse(refusal));

    protected Task AnswerAsync(HttpContext context, Answer answer) => AnswerAsync(context, answer, context.RequestAborted);

    private async Task ProbeAsync(ResourceMethod method, ProtocolRequest about)
    {
        using var none = admission.RoomForAnswer("");
        about.Room = none;
        await AnswerAsync(about.Http, await ExecuteAsync(method, about, about.Http.RequestAborted));
    }

    private async Task AfterSignInAsync(ResourceMethod method, ProtocolRequest about, ValueTask<SignIn> signingIn) =>
        await PrepareAsync(method, about, await signingIn);

    private Task PrepareAsync(ResourceMethod method, ProtocolRequest about, SignIn signIn)
    {
        var context = about.Http;
        about.SignIn = signIn;
        if (RefusalOf(signIn) is { } refusal)
        {
            return RefuseAsync(context, refusal);
        }

        if (signIn.Principal is { } user && admission.WaitOf(user) is { Ticks: > 0 } wait)
        {
            return RefuseRateAsync(context, wait);
        }

        // :: Step 5
        var maxBytes = BodyReader.HasBody(context) ? MaxBytes(method, signIn) : 0;
        if (maxBytes > 0 && context.Request.ContentLength > maxBytes)
        {
            return RefuseAsync(context, new Refusal.BodyTooLarge(maxBytes));
        }

        about.Who = Admission.Whose(signIn.Principal, context.Connection.RemoteIpAddress);
        return maxBytes > 0 ? ReadAsync(method, about, maxBytes) : WorkAsync(method, about);
    }

    /// <summary>Refuses for lack of room. Nothing of the request was done, and the rest of its body is not read.</summary>
    private Task RefuseRoomAsync(HttpContext context)
    {
        context.Response.Headers.Connection = "close";
        return RefuseAsync(context, new Refusal.NoRoom());
    }

    /// <summary>Refuses what comes too fast. The rest of its body is not read.</summary>
    private Task RefuseRateAsync(HttpContext context, TimeSpan wait)
    {
        if (BodyReader.HasBody(context))
        {
            context.Response.Headers.Connection = "close";
        }

        return RefuseAsync(context, new Refusal.TooManyRequests(wait));
    }

    private async Task ReadAsync(ResourceMethod method, ProtocolRequest about, int maxBytes)
    {
        // :: Step 6. The body can take time, in which a password can change or an account be deleted. Sign in again after it, unless it was there already.
        var (context, request) = (about.Http, about.Http.Request);
        using var room = admission.TryReceive(about.Who);
        var first = PooledBuffer.CapacityFor((int)Math.Min(request.ContentLength ?? maxBytes, BodyReader.FirstStep));
        if (room?.TryHold(first) is not true)
        {
            await RefuseRoomAsync(context);
            return;
        }

        using var body = new PooledBuffer(first);
        var reading = BodyReader.ReadAsync(request, body, room, maxBytes, http.MinBodyBytesPerSecond, time);
        var tookTime = !reading.IsCompleted;
        if (await reading is > 0 and var status)
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
            await DecodeAsync(method, about, body.Written, tookTime, room, maxBytes);
        }
        else
        {
            await ReadyAsync(method, about, body.Written, tookTime);
        }
    }

    /// <summary>Decodes the complete body. Room for the decoded bytes is thus taken only when needed, not for as long as a slow client sends.</summary>
    private async Task DecodeAsync(ResourceMethod method, ProtocolRequest about, ReadOnlyMemory<byte> body, bool tookTime, BodyRoom room, int maxBytes)
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
            ? ReadyAsync(method, about, decoded.Written, tookTime)
            : RefuseAsync(context, new Refusal.BodyBroken()));
    }

    private Task ReadyAsync(ResourceMethod method, ProtocolRequest about, ReadOnlyMemory<byte> body, bool tookTime)
    {
        about.Body = body;
        return Admission.WeightOf(body.Span) is > 0 and var weight ? HeavyAsync(method, about, weight, tookTime) : ReceivedAsync(method, about, tookTime);
    }

    /// <summary>A body of very many values takes many times its bytes when it is taken apart.</summary>
    private async Task HeavyAsync(ResourceMethod method, ProtocolRequest about, long weight, bool tookTime)
    {
        var waiting = admission.TryParseAsync(about.Who, weight, about.Http.RequestAborted);
        tookTime |= !waiting.IsCompleted;
        if (await waiting is not { } given)
        {
            await RefuseAsync(about.Http, new Refusal.NoRoom());
            return;
        }

        using var room = given;
        await ReceivedAsync(method, about, tookTime);
    }

    private Task ReceivedAsync(ResourceMethod method, ProtocolRequest about, bool tookTime)
    {

        // Only after a successful sign-in, so that a wrong password counts once.
        if (!tookTime || about.SignIn.Principal is null)
        {
            return WorkAsync(method, about);
        }

        var signingIn = SignInAsync(about);
        return signingIn.IsCompletedSuccessfully ? AgainAsync(method, about, signingIn.Result) : AfterSignInAgainAsync(method, about, signingIn);
    }

    private async Task AfterSignInAgainAsync(ResourceMethod method, ProtocolRequest about, ValueTask<SignIn> signingIn) =>
        await AgainAsync(method, about, await signingIn);

    private Task AgainAsync(ResourceMethod method, ProtocolRequest about, SignIn signIn)
    {
        about.SignIn = signIn;
        return RefusalOf(signIn) is { } refusal ? RefuseAsync(about.Http, refusal) : WorkAsync(method, about);
    }

    private async Task WorkAsync(ResourceMethod method, ProtocolRequest about)
    {
        var context = about.Http;
        if ((method.Pacing == Pacing.Stream ? admission.TryEnterStream(about.Who) : admission.TryEnter(about.Who)) is not { } entered)
        {
            await RefuseRoomAsync(context);
            return;
        }

        // :: Step 7
        using var place = entered;
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

        var answer = await ExecuteAsync(method, about, context.RequestAborted);

        // :: Step 9: room that the handler has not asked for. It is held until the answer has been sent.
        await (room.TryEnd(answer.Size)
            ? AnswerAsync(context, answer)
            : RefuseAsync(context, new Refusal.NoRoomForAnswer(context.Request.Method is "GET" or "HEAD")));
    }

    private async Task StreamAsync(ResourceMethod method, ProtocolRequest about)
    {
        var context = about.Http;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, drain.Over);
        try
        {
            await AnswerAsync(context, await ExecuteAsync(method, about, either.Token), either.Token);
        }
        catch (OperationCanceledException) when (drain.Over.IsCancellationRequested && !context.RequestAborted.IsCancellationRequested)
        {
            // The server stops. The client sees that the stream has ended, and connects elsewhere.
            if (!context.Response.HasStarted)
            {
                await RefuseAsync(context, new Refusal.NoRoom());
            }
        }
    }

    private static ValueTask<SignIn> SignInAsync(ProtocolRequest about) =>
        about.SignInAsync(about.Credentials, about.Http.RequestAborted);

    /// <summary>The refusal for credentials that were not checked. Wrong credentials count as none; anybody may use anonymous resources.</summary>
    private static Refusal? RefusalOf(SignIn signIn) => signIn.Status switch
    {
        SignInStatus.Throttled => new Refusal.TooManyFailures(signIn.RetryAfter),
        SignInStatus.Busy => new Refusal.NoRoom(),
        _ => null,
    };

    /// <returns>Bytes to read before the handler runs; 0 for none.</returns>
    private int MaxBytes(ResourceMethod method, SignIn signIn) => method.Body is BodyKind.Buffered buffered
        ? Math.Min(
            buffered.MaxBytes ?? int.MaxValue,
            signIn.Principal is null ? Math.Min(Admission.MaxAnonymousBytes, http.MaxRequestBytes) : http.MaxRequestBytes)
        : 0;

    /// <summary>A body that nobody reads may have any coding. A handler that reads the body itself gets it as it was sent.</summary>
    private static Refusal? RefuseCoding(ResourceMethod method, HttpContext context)
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

    /// <summary>Refuses at a point where another answer may have been started.</summary>
    private Task InsteadAsync(HttpContext context, Refusal refusal)
    {
        if (!context.Response.HasStarted)
        {
            context.Response.Clear();
        }

        return RefuseAsync(context, refusal);
    }

    private Task AnswerAsync(HttpContext context, Answer answer, CancellationToken cancellationToken)
    {
        if (!context.Response.HasStarted)
        {
            AddHeaders(context.Request, context.Response.Headers);
        }

        return answers.WriteAsync(context, answer, cancellationToken);
    }

    /// <summary>Whether the exception is how a request ends when its connection has ended.</summary>
    private static bool HasGone(HttpContext context, Exception e) =>
        e is OperationCanceledException
        && (context.RequestAborted.IsCancellationRequested || e is ConnectionAbortedException || e.InnerException is ConnectionAbortedException);
}
