namespace Lockstep.Import.Kinto;

/// <summary>What has become of objects of one kind so far.</summary>
public sealed class KintoCount
{
    /// <summary>All that are there.</summary>
    public long There { get; internal set; }

    public long Imported { get; internal set; }

    /// <summary>Those that an earlier run has brought, or whose name somebody has here: nothing of them was touched.</summary>
    public long Before { get; internal set; }

    /// <summary>Those that cannot come; notes say why.</summary>
    public long Refused { get; internal set; }

    /// <summary>Those of a bucket or collection that is not there any more.</summary>
    public long OfNobody { get; internal set; }

    /// <summary>Whether each is counted in one place.</summary>
    public bool IsEven => There == Imported + Before + Refused + OfNobody;

    public override string ToString() => FormattableString.Invariant($"{There:N0} there; {Imported:N0} imported, {Before:N0} here before, {Refused:N0} left out, {OfNobody:N0} of nobody");
}
