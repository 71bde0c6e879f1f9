using Lockstep.Core.Buckets;
using Lockstep.Core.Outcomes;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Kinto.Live;

/// <summary>A page that one stream has asked for and others use too. The room for it is held until the last of them has sent it.</summary>
/// <param name="room">The room for the page.</param>
/// <param name="callers">The callers who may use it, beginning with the one with whose rights it is read.</param>
/// <param name="isShared">Whether several streams use it.</param>
internal sealed class SharedRead(AnswerRoom room, IReadOnlyList<Caller> callers, bool isShared)
{
    // By caller, if there are several.
    private readonly Dictionary<Caller, int>? places = callers.Count == 1 ? null : callers.Index().ToDictionary(static caller => caller.Item, static caller => caller.Index);

    private int uses = 1;
    private byte[]?[]? rendered;

    public IReadOnlyList<Caller> Callers => callers;

    public bool IsShared => isShared;

    /// <summary>A <see cref="PageFound"/>, or the outcome that says why there is none.</summary>
    public Task<Outcome> Outcome { get; private set; } = null!;

    /// <summary>Bytes that the page holds.</summary>
    public long Size { get; set; }

    /// <summary>Whether it was begun for this caller, among others.</summary>
    public bool IsAskedFor(Caller caller) => places?.ContainsKey(caller) ?? callers[0] == caller;

    /// <summary>Whether the outcome is also the answer to this caller, for whom it was begun.</summary>
    public bool IsFor(Caller caller, Outcome outcome) =>
        callers[0] == caller || (outcome is PageFound { SameFor: { } same } && same.Contains(places![caller]));

    /// <summary>The data of an object's event, made once for all who send it.</summary>
    /// <param name="index">Its place on the page.</param>
    /// <param name="page">What was found.</param>
    /// <param name="path">The object's path, which all clients see alike.</param>
    /// <param name="id">The object's id, likewise.</param>
    public byte[] Render(int index, PageFound page, string path, string id)
    {
        var all = Volatile.Read(ref rendered) ?? Interlocked.CompareExchange(ref rendered, new byte[page.Records.Count][], null) ?? rendered!;
        return all[index] ??= EventWriter.Render(path, id, page.Records[index]);
    }

    public void Begin(Func<SharedRead, AnswerRoom, Task<Outcome>> read)
    {
        Use();
        Outcome = RunAsync();

        async Task<Outcome> RunAsync()
        {
            try
            {
                return await read(this, room);
            }
            finally
            {
                Release();
            }
        }
    }

    public void Use() => Interlocked.Increment(ref uses);

    public void Release()
    {
        if (Interlocked.Decrement(ref uses) == 0)
        {
            room.Dispose();
        }
    }
}
