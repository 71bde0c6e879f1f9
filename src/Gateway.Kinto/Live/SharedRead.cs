using Lockstep.Core.Outcomes;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Kinto.Live;

/// <summary>A page that one stream has asked for and others use too. The room for it is held until the last of them has sent it on.</summary>
internal sealed class SharedRead(AnswerRoom room)
{
    private int uses = 1;

    /// <summary>A <see cref="PageFound"/>, or why there is none.</summary>
    public Task<Outcome> Outcome { get; private set; } = null!;

    public void Begin(Func<AnswerRoom, Task<Outcome>> read)
    {
        Use();
        Outcome = RunAsync();

        async Task<Outcome> RunAsync()
        {
            try
            {
                return await read(room);
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
