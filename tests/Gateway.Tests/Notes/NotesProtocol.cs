using System.Buffers;
using System.Text;
using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Pipeline;
using Lockstep.Gateway.Routing;
using Microsoft.AspNetCore.Http;

namespace Lockstep.Gateway.Tests.Notes;

/// <summary>
/// A protocol of one resource that nobody speaks: a note of each user under each name. Its errors are a bare number. What is
/// here, in <see cref="NotesHandler"/> and in <see cref="TokenScheme"/> is all that a protocol has to have.
/// </summary>
internal sealed class NotesProtocol(IBuckets buckets) : IProtocol<NotesHandler>
{
    public const int MaxBytes = 100;

    /// <summary>Bytes of the large answer: more than the machine keeps of it on its way.</summary>
    public const int LargeBytes = 64 << 20;

    private static readonly byte[] Stored = new byte[1 << 20];

    public string Name => "Notes";

    public IReadOnlyList<string> Prefixes { get; init; } = ["/notes", "/old/notes"];

    public ResourceTable<NotesHandler> Resources { get; } = new(
    [
        new("/{user}/{note}",
            Method("GET", Access.Anonymous, BodyKind.None, (notes, request, cancellationToken) => notes.GetAsync(request, cancellationToken)),
            Method("HEAD", Access.Anonymous, BodyKind.None, (notes, request, cancellationToken) => notes.GetAsync(request, cancellationToken)),
            Method("PUT", Access.SignedIn, new BodyKind.Buffered(MaxBytes), (notes, request, cancellationToken) => notes.PutAsync(request, cancellationToken))),

        // What tests need beside it.
        new("/watch", new ResourceMethod<NotesHandler>("GET", Access.Anonymous, BodyKind.None, (notes, _, _) => notes.WatchAsync(), Pacing.Stream)),
        new("/upload", Method("POST", Access.SignedIn, new BodyKind.Streamed(), (notes, request, cancellationToken) => notes.UploadAsync(request, cancellationToken))),
        new("/hold", Method("GET", Access.Anonymous, BodyKind.None, (notes, _, cancellationToken) => notes.HoldAsync(cancellationToken))),
        new("/large",
            Method("GET", Access.Anonymous, BodyKind.None, (_, _, _) => ValueTask.FromResult(Large)),
            Method("HEAD", Access.Anonymous, BodyKind.None, (_, _, _) => ValueTask.FromResult(Large))),
        new("/store", new ResourceMethod<NotesHandler>("PUT", Access.SignedIn, new BodyKind.Buffered(), (_, request, _) => ValueTask.FromResult(Text(200, $"{request.Body.Length}")))),
        new("/break", Method("GET", Access.Anonymous, BodyKind.None, (_, _, _) => throw new InvalidOperationException("As asked."))),
        new("/away", Method("GET", Access.Anonymous, BodyKind.None, (_, _, _) => throw new StoreUnavailableException("As asked."))),
        new("/half", Method("GET", Access.Anonymous, BodyKind.None, (_, _, _) => ValueTask.FromResult(new Answer(200)
        {
            Headers = [KeyValuePair.Create("X-Note", "half")],
            Body = _ => throw new InvalidOperationException("As asked."),
        }))),
        new("/alive", Method("GET", Access.Probe, BodyKind.None, (_, _, _) => ValueTask.FromResult(Text(200, "alive")))),
    ]);

    public IReadOnlyList<IAuthenticationScheme> Schemes { get; } = [new TokenScheme()];

    /// <summary>Set once a request to <c>/hold</c> runs; it ends when <see cref="Release"/> is set.</summary>
    public TaskCompletionSource Held { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource Release { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Bytes of the first piece of an upload that has come.</summary>
    public TaskCompletionSource<long> FirstPiece { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ValueTask<Answer> ExecuteAsync(ResourceMethod<NotesHandler> method, ProtocolRequest request, CancellationToken cancellationToken) =>
        method.Handler(this, request, cancellationToken);

    public Answer Refuse(Refusal refusal) => refusal switch
    {
        Refusal.NoResource => Text(404, "0"),
        Refusal.NoMethod noMethod => Text(405, "1", KeyValuePair.Create("Allow", noMethod.Allow)),
        Refusal.NotSignedIn => Text(401, "2", KeyValuePair.Create("WWW-Authenticate", "Token")),
        Refusal.TooManyFailures failures => Text(429, "3", KeyValuePair.Create("Retry-After", $"{failures.RetryAfter.TotalSeconds}")),
        Refusal.NoRoom => Text(503, "4"),
        Refusal.BodyTooLarge body => Text(413, $"{body.MaxBytes}"),
        Refusal.BodyCoded body => Text(415, body.Accepted),
        Refusal.UrlTooLong => Text(414, "5"),
        Refusal.HeadersTooLarge => Text(431, "6"),
        Refusal.BadQuery => Text(400, "7"),
        Refusal.StoreUnavailable => Text(503, "8"),
        Refusal.Fault => Text(500, "9"),
        _ => Text(400, "10"),
    };

    public Answer Preflight(HttpRequest request, string? methods) => Text(200, "", KeyValuePair.Create("Access-Control-Allow-Methods", methods ?? "none"));

    public void AddHeaders(HttpRequest? request, IHeaderDictionary headers) => headers["X-Notes"] = "1";

    private static Answer Large { get; } = new(200)
    {
        Size = LargeBytes,
        Body = static output =>
        {
            for (var i = 0; i < LargeBytes / Stored.Length; i++)
            {
                output.WriteStored(Stored);
            }
        },
    };

    private static ResourceMethod<NotesHandler> Method(string name, Access access, BodyKind body, NotesHandler handler) => new(name, access, body, handler);

    private static Answer Text(int status, string text, params KeyValuePair<string, string>[] headers) => new(status)
    {
        Headers = [KeyValuePair.Create("Content-Type", "text/plain"), .. headers],
        Body = output => output.Write(Encoding.UTF8.GetBytes(text)),
    };

    private static BucketId BucketOf(ProtocolRequest request) => BucketId.DefaultBucket(request.Values["user"]);

    private static ObjectRef NoteOf(ProtocolRequest request) => new(ListRef.RecordsOf("notes"), request.Values["note"]);

    private async ValueTask<Answer> GetAsync(ProtocolRequest request, CancellationToken cancellationToken)
    {
        var caller = Callers.Of(new Principal($"notes:{request.Values["user"]}", request.Values["user"], BucketOf(request).Value), BucketOf(request));
        var response = await buckets.Get(BucketOf(request)).ExecuteAsync(new BucketRequest(caller, [new ReadRecord(NoteOf(request))]), cancellationToken);
        return response.Outcomes[0] is RecordFound found ? Text(200, Encoding.UTF8.GetString(found.Record.Body.Span)) : Refuse(new Refusal.NoResource());
    }

    private async ValueTask<Answer> PutAsync(ProtocolRequest request, CancellationToken cancellationToken)
    {
        var operation = new PutRecord(NoteOf(request), request.Body.ToArray());
        var caller = Callers.Of(request.SignIn.Principal!, BucketOf(request));
        var response = await buckets.Get(BucketOf(request)).ExecuteAsync(new BucketRequest(caller, [operation]), cancellationToken);
        return Text(response.Outcomes[0] is RecordWritten { Created: true } ? 201 : 200, "");
    }

    private ValueTask<Answer> WatchAsync() => ValueTask.FromResult(new Answer(200)
    {
        Headers = [KeyValuePair.Create("Content-Type", "text/event-stream")],
        Stream = async (output, cancellationToken) =>
        {
            await output.WriteAsync("data: open\n\n"u8.ToArray(), cancellationToken);
            await Release.Task.WaitAsync(cancellationToken);
        },
    });

    private async ValueTask<Answer> UploadAsync(ProtocolRequest request, CancellationToken cancellationToken)
    {
        long total = 0;
        var body = request.Http.Request.BodyReader;
        while (true)
        {
            var read = await body.ReadAsync(cancellationToken);
            total += read.Buffer.Length;
            body.AdvanceTo(read.Buffer.End);
            FirstPiece.TrySetResult(total);
            if (read.IsCompleted)
            {
                return Text(200, $"{total}");
            }
        }
    }

    private async ValueTask<Answer> HoldAsync(CancellationToken cancellationToken)
    {
        Held.TrySetResult();
        await Release.Task.WaitAsync(cancellationToken);
        return Text(200, "");
    }
}
