namespace Lockstep.Import.ServerFull;

/// <summary>What has become of users and records so far. Each of those that there are is counted in one place.</summary>
public sealed class ImportTally
{
    private readonly List<string> notes = [];

    /// <summary>All that are there.</summary>
    public long Users { get; internal set; }

    public long UsersImported { get; internal set; }

    /// <summary>Those whose name somebody has here, by an earlier run or otherwise: nothing of them was touched.</summary>
    public long UsersHere { get; internal set; }

    /// <summary>Of <see cref="UsersHere"/> those of whom fewer records are here than would come; <see cref="Notes"/> say whose.</summary>
    public long UsersShort { get; internal set; }

    /// <summary>Those who cannot come; <see cref="Notes"/> say why.</summary>
    public long UsersRefused { get; internal set; }

    /// <summary>All that are there.</summary>
    public long Records { get; internal set; }

    public long RecordsImported { get; internal set; }

    public long RecordsExpired { get; internal set; }

    /// <summary>Of collections without a name, or with names and ids that cannot be; notes say whose.</summary>
    public long RecordsRefused { get; internal set; }

    /// <summary>Of users who were here, or who cannot come.</summary>
    public long RecordsOfOthers { get; internal set; }

    /// <summary>Of users that are not there any more: that server left them behind when it deleted an account.</summary>
    public long RecordsOfNobody { get; internal set; }

    /// <summary>A line for each user with whom not all went well.</summary>
    public IReadOnlyList<string> Notes => notes;

    /// <summary>Whether nothing is left behind but what has expired, what is nobody's, and what was here before with as many records.</summary>
    public bool IsWhole => UsersRefused == 0 && UsersShort == 0 && RecordsRefused == 0;

    /// <summary>Whether users and records that there are have all been counted.</summary>
    public bool IsEven => Users == UsersImported + UsersHere + UsersRefused && Records == RecordsImported + RecordsExpired + RecordsRefused + RecordsOfOthers + RecordsOfNobody;

    internal void Note(string line) => notes.Add(line);
}
