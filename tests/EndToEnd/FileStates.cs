namespace Lockstep.EndToEnd;

/// <summary>What a record's file may be, by what was asked and what was acknowledged: the newest that was acknowledged, or something newer that was not answered.</summary>
/// <remarks>Safe for several at once. A file is known by how it begins; null stands for a record that is not there.</remarks>
public sealed class FileStates
{
    private readonly Lock gate = new();
    private readonly List<string?> unanswered = [];

    private string? newest;
    private long newestStamp;

    /// <summary>Somebody asks that it becomes so.</summary>
    public void Ask(string? file)
    {
        lock (gate)
        {
            unanswered.Add(file);
        }
    }

    /// <summary>It has become so.</summary>
    public void Acknowledge(string? file, long stamp)
    {
        lock (gate)
        {
            unanswered.Remove(file);
            if (stamp > newestStamp)
            {
                (newest, newestStamp) = (file, stamp);
            }
        }
    }

    /// <summary>It was asked for, and has changed nothing.</summary>
    public void Refuse(string? file)
    {
        lock (gate)
        {
            unanswered.Remove(file);
        }
    }

    /// <summary>Whether it may be so. The stamp of a record that is not there is not known.</summary>
    public bool MayBe(string? file, long stamp)
    {
        lock (gate)
        {
            return file == newest ? file is null || stamp == newestStamp : unanswered.Contains(file) && (file is null || stamp > newestStamp);
        }
    }

    /// <summary>It is so now, and nobody asks for anything.</summary>
    public void Begin(string? file, long stamp)
    {
        lock (gate)
        {
            unanswered.Clear();
            (newest, newestStamp) = (file, Math.Max(stamp, newestStamp));
        }
    }

    public override string ToString()
    {
        lock (gate)
        {
            return $"'{newest}' with the stamp {newestStamp}, [{string.Join(", ", unanswered.Select(static file => $"'{file}'"))}] with a later one";
        }
    }
}
